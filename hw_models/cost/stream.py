"""Cost of what stands between two nodes of `rtl/accelerator.py`: converters, FIFO, fork."""

from collections.abc import Iterator
from itertools import pairwise
from math import lcm

from hw_models.cost.fifo import fifo_parts
from hw_models.cost.logic import counter_bits, counters_lut
from hw_models.cost.target import Target
from hw_models.dataflow import Dataflow, Stream
from hw_models.resources import Part, Resources


def stream_parts(stream: Stream, target: Target) -> tuple[Part, ...]:
    """Return what a stream passes on its way.

    The FIFO is on the wider side of a converter. If neither number of lanes divides the other,
    words of their least common multiple are in between.
    """
    lanes = (stream.source_lanes, lcm(stream.source_lanes, stream.sink_lanes), stream.sink_lanes)
    widest = lanes[1] if stream.source_lanes < stream.sink_lanes else lanes[0]
    steps = [(a, b) for a, b in pairwise(lanes) if a != b]
    return (
        *(part for a, b in steps for part in _converter_parts(a, b, stream.bits, target)),
        *fifo_parts("stream", stream.fifo_depth, widest * stream.bits, target),
    )


def _converter_parts(given: int, taken: int, bits: int, target: Target) -> Iterator[Part]:
    """Yield a data width converter: a shift register, and a count of its parts.

    Narrowing, every bit is loaded or shifted; widening, only shifted.
    """
    wide = max(given, taken) * bits
    parts = max(given, taken) // min(given, taken)
    loads = wide if given > taken else 0
    yield Part(
        name="width converter",
        resources=Resources(
            lut=loads + counters_lut((parts,), target) + 2,
            ff=wide + counter_bits(parts) + 1,
        ),
        is_compute=False,
        source="structural: a shift register, with a multiplexer a bit where words are loaded",
    )


def fork_parts(flow: Dataflow, name: str) -> tuple[Part, ...]:
    """Return the fork behind the node called `name`; nothing where it has one reader."""
    sinks = len(flow.streams_from(name))
    if sinks < 2:
        return ()
    resources = Resources(lut=2 * sinks + 1, ff=sinks)
    source = "structural: a bit per reader that has taken the beat"
    return (Part(name="fork", resources=resources, is_compute=False, source=source),)
