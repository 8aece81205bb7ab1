"""Nodes of our own accelerator one by one: synthesised, and simulated against the golden."""

from collections.abc import Mapping
from pathlib import Path

from hw_models.dataflow import Dataflow, Stream
from hw_models.finn.simulate import TIMEOUT_S, Simulated
from hw_models.graph import INPUT, Node
from hw_models.model import Model
from hw_models.rtl.design import Rtl
from hw_models.sim.golden import compute
from hw_models.sim.verilator import Drain, Feed, Traffic, simulate
from hw_models.sim.words import pack
from hw_models.tail import IntArray, SumArray


def node_outputs(model: Model, codes: IntArray) -> dict[str, SumArray]:
    """Return what every node gives for images, windows included, and under `INPUT` the images.

    Args:
        model: A chain of nodes.
        codes: Codes of the images, shape `(n, height, width, channels)`.

    Returns:
        Codes or exact sums by node, shape `(n, vectors, channels)`.
    """
    given: dict[str, SumArray] = {INPUT: codes}
    accelerator = model.accelerator
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        given[node.name] = compute(node, tuple(given[name] for name in sources), model)
    return given


def simulate_node(
    node: Node,
    rtl: Rtl,
    flow: Dataflow,
    outputs: Mapping[str, SumArray],
    folder: Path,
) -> Simulated:
    """Simulate the module of a node with frames back to back, and compare every word it gives.

    Args:
        node: It reads one stream.
        rtl: Its module.
        flow: The accelerator's streams.
        outputs: Of at least two images, from `node_outputs`.
        folder: Where words and the log go.

    Raises:
        VerificationError: The RTL hangs or breaks the stream's rules.
        ToolError: Verilator is missing or fails.
    """
    (taken,), (given, *_) = flow.streams_to(node.name), flow.streams_from(node.name)
    frames = len(outputs[node.name])
    expected = pack(outputs[node.name], given.bits, given.source_lanes)
    simulation = simulate(
        rtl,
        (_feed(taken, outputs[taken.source]),),
        (Drain(bits=given.bits * given.source_lanes, count=len(expected)),),
        Traffic(seed=0),
        folder=folder,
        timeout_s=TIMEOUT_S,
    )
    return Simulated(
        cycles=simulation.interval_cycles(frames, 1),
        words_compared=len(expected),
        words_different=int((simulation.out_words[0] != expected).any(axis=1).sum()),
    )


def _feed(stream: Stream, elements: SumArray) -> Feed:
    bits = stream.bits * stream.sink_lanes
    return Feed(bits=bits, words=pack(elements, stream.bits, stream.sink_lanes))
