"""A folded accelerator: its nodes at their pace, and the streams between them in beats.

Where the two ends of a stream handle different numbers of elements a beat, a data width converter
(DWC) stands between them; where an output has several readers, a fork. Both follow from what is
here, so neither is a node.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from hw_models.folding import Folding, Pace, node_paces, window_in_lanes, window_pace
from hw_models.graph import INPUT, Accelerator, Mvau, Node, Requantize, SlidingWindow
from hw_models.nodes import SumNode, in_format

FULL_RATE_DEPTH = 2
"""A FIFO of two beats takes and gives one in every cycle, for a multiplexer per bit."""
OUTPUT = ""
"""Name of the accelerator's output among the sinks of streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What flows from one node to a port of another. Element 0 of a beat is in the low bits.

    Attributes:
        source: Name of the node that gives it; `INPUT` for the accelerator's input.
        sink: Name of the node that takes it; `OUTPUT` for the accelerator's output.
        port: Port of the sink.
        bits: Width of an element [bit].
        source_lanes: Elements per beat at the source.
        sink_lanes: Elements per beat at the sink.
        fifo_depth: Beats that wait in between, on the wider side of a converter: there they come
            and go one a cycle.
    """

    source: str
    sink: str
    port: int
    bits: int
    source_lanes: int
    sink_lanes: int
    fifo_depth: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Source, sink and port, which name a stream."""
        return (self.source, self.sink, self.port)


@dataclass(frozen=True, kw_only=True)
class Dataflow:
    """A folded accelerator.

    Attributes:
        accelerator: Nodes.
        foldings: Parallelism of each layer.
        paces: Pace of each node, shape `(nodes,)`.
        streams: Streams in the order of their sinks, the accelerator's output last.
    """

    accelerator: Accelerator
    foldings: tuple[Folding, ...]
    paces: tuple[Pace, ...]
    streams: tuple[Stream, ...]

    def pace_of(self, node: Node) -> Pace:
        """Return the pace of `node`."""
        return self.paces[self.accelerator.nodes.index(node)]

    def streams_from(self, name: str) -> tuple[Stream, ...]:
        """Return the streams that the node called `name`, or `INPUT`, gives."""
        return tuple(stream for stream in self.streams if stream.source == name)

    def streams_to(self, name: str) -> tuple[Stream, ...]:
        """Return the streams that the node called `name` takes, in the order of its ports."""
        return tuple(stream for stream in self.streams if stream.sink == name != OUTPUT)

    @property
    def output(self) -> Stream:
        """The stream that leaves."""
        return self.streams[-1]

    def with_fifo_depths(self, depths: Mapping[tuple[str, str, int], int]) -> "Dataflow":
        """Return the same with other FIFO depths, by `Stream.key`."""
        streams = (replace(s, fifo_depth=depths.get(s.key, s.fifo_depth)) for s in self.streams)
        return replace(self, streams=tuple(streams))


def dataflow(
    accelerator: Accelerator,
    foldings: Sequence[Folding],
    fifo_depths: Mapping[tuple[str, str, int], int] = MappingProxyType({}),
) -> Dataflow:
    """Return the streams of `accelerator` folded by `foldings`.

    The accelerator's input has as many lanes as the first node that reads it.

    Args:
        accelerator: Nodes.
        foldings: Parallelism of each layer.
        fifo_depths: Beats that wait in a stream, by `Stream.key`; `least_depth` in the others.

    Raises:
        FoldingError: Not one folding per layer, or an illegal one.
    """
    paces = node_paces(accelerator, foldings)
    pace_of = {node.name: pace for node, pace in zip(accelerator.nodes, paces, strict=True)}
    by_name = {node.name: node for node in accelerator.nodes}
    (first, *_) = accelerator.readers_of(INPUT)
    streams = []
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        for port, name in enumerate(sources):
            taken = lanes_taken(node, pace_of[node.name])
            if name == INPUT:
                given = lanes_taken(first, pace_of[first.name])
            else:
                given = lanes_given(accelerator.node(name), pace_of[name])
            key = (name, node.name, port)
            streams.append(
                Stream(
                    source=name,
                    sink=node.name,
                    port=port,
                    bits=_bits_taken(node, port),
                    source_lanes=given,
                    sink_lanes=taken,
                    fifo_depth=fifo_depths.get(key, least_depth(by_name.get(name), node)),
                )
            )
    last = accelerator.nodes[-1]
    given = lanes_given(last, pace_of[last.name])
    key = (last.name, OUTPUT, 0)
    streams.append(
        Stream(
            source=last.name,
            sink=OUTPUT,
            port=0,
            bits=bits_given(last),
            source_lanes=given,
            sink_lanes=given,
            fifo_depth=fifo_depths.get(key, least_depth(last, None)),
        )
    )
    return Dataflow(
        accelerator=accelerator, foldings=tuple(foldings), paces=paces, streams=tuple(streams)
    )


def least_depth(source: Node | None, sink: Node | None) -> int:
    """Return the FIFO depth that cuts all paths between two nodes; `None` is the outside.

    One register does, at a beat every other cycle; requantizers take and give beats in bursts. A
    matrix unit keeps its sums itself.
    """
    if isinstance(source, Mvau):
        return 0
    return FULL_RATE_DEPTH if isinstance(source, Requantize) or isinstance(sink, Requantize) else 1


def lanes_taken(node: Node, pace: Pace) -> int:
    """Return the elements that `node` takes per beat of each of its streams."""
    if isinstance(node, Mvau):
        return window_pace(node, pace.folding).lanes
    if isinstance(node, SlidingWindow):
        return window_in_lanes(node, pace)
    return pace.lanes


def lanes_given(node: Node, pace: Pace) -> int:
    """Return the elements that `node` gives per beat."""
    return pace.folding.pe if isinstance(node, Mvau) else pace.lanes


def bits_given(node: Node) -> int:
    """Return the width of an element that `node` gives [bit]."""
    if node.out_format is not None:
        return node.out_format.bits
    assert isinstance(node, SumNode), "only these give sums"
    return node.accumulator_bits


def _bits_taken(node: Node, port: int) -> int:
    """Return the width of an element that `node` takes [bit]."""
    act = in_format(node, port)
    if act is not None:
        return act.bits
    assert not isinstance(node, SlidingWindow), "windows take codes"
    return node.accumulator_bits
