"""Small faults put into a design on purpose: verification must notice each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dse.errors import VerificationError
from hw_models.build.design import Design
from hw_models.build.verification import compare, measure
from hw_models.dataflow import Dataflow, dataflow
from hw_models.graph import Accelerator, Node, Requantize, SlidingWindow
from hw_models.model import Model
from hw_models.rtl.accelerator import emit_accelerator
from hw_models.schedule import slowest_ii_cycles
from hw_models.sim.golden import golden_outputs
from hw_models.sim.verilator import Traffic

INTERVAL_TOLERANCE = 0.01
"""How far a measured interval may be from the slowest node's cycles."""
_TRIES = 50

_Kind = TypeVar("_Kind", bound=Node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A fault.

    Attributes:
        kind: ``weight``, ``threshold``, ``pad``, ``lanes`` or ``fifo``.
        place: Where it is.
        design: The design with the fault; its model is the one without.
    """

    kind: str
    place: str
    design: Design


def mutations(
    design: Design, codes: NDArray[np.int64], count: int, seed: int
) -> Iterator[Mutation]:
    """Yield `count` faults, of every kind in turn that the design has a place for.

    Faults in numbers and shapes are drawn again if golden itself gives the same results with them:
    nothing could tell such a design from the right one on these images.

    Args:
        design: The design without a fault.
        codes: Input codes of the verification, shape `(n, height, width, channels)`.
        count: Faults.
        seed: Decides them.
    """
    rng = np.random.default_rng(seed)
    expected = golden_outputs(design.model, codes)
    drawers: list[tuple[str, _Drawer]] = [
        ("weight", _weight),
        ("threshold", _threshold),
        ("pad", _pad),
        ("lanes", _lanes),
    ]
    made = 0
    while made < count:
        before = made
        for kind, draw in drawers:
            for _ in range(_TRIES if made < count else 0):
                drawn = draw(design, rng)
                if drawn is None:
                    break
                place, model = drawn
                if not np.array_equal(golden_outputs(model, codes), expected):
                    yield Mutation(kind=kind, place=place, design=_with_model(design, model))
                    made += 1
                    break
        if made < count and (drawn_fifo := _fifo(design, rng)) is not None:
            yield drawn_fifo
            made += 1
        if made == before:
            raise VerificationError("no fault changes what golden gives on these images")


def is_caught(
    mutation: Mutation, codes: NDArray[np.int64], expected: NDArray[Any], folder: Path
) -> bool:
    """Return whether verification notices a fault: in a word, a hang, or a slower interval.

    Args:
        mutation: The fault.
        codes: Input codes, shape `(n, height, width, channels)`.
        expected: What golden gives for the design without the fault.
        folder: Where the simulation works.

    Raises:
        ToolError: Verilator is missing, fails or does not end in time.
    """
    traffic = Traffic(seed=0, gap=0.2, backpressure=0.2)
    try:
        found = compare(mutation.design, codes, traffic, folder, expected=expected)
        if found.words_different:
            return True
        interval = measure(mutation.design, codes, folder).interval_cycles
    except VerificationError:
        return True
    target = slowest_ii_cycles(mutation.design.flow)
    return abs(interval / target - 1) > INTERVAL_TOLERANCE


_Drawer = Callable[[Design, np.random.Generator], tuple[str, Model] | None]


def _with_model(design: Design, model: Model) -> Design:
    """Return the design whose RTL is that of another model of the same shapes."""
    flow = dataflow(
        model.accelerator,
        design.flow.foldings,
        {stream.key: stream.fifo_depth for stream in design.flow.streams},
    )
    return replace(design, rtl=emit_accelerator(flow, model, design.fabric))


def _of_kind(accelerator: Accelerator, kind: type[_Kind]) -> list[_Kind]:
    return [node for node in accelerator.nodes if isinstance(node, kind)]


def _weight(design: Design, rng: np.random.Generator) -> tuple[str, Model] | None:
    """Replace one weight by another of its format."""
    mvaus = design.model.accelerator.mvaus
    mvau = mvaus[rng.integers(len(mvaus))]
    weights = design.model.weights[mvau.name].copy()
    row, column = rng.integers(mvau.mh), rng.integers(mvau.mw)
    grid = mvau.weight.narrow().encode(mvau.weight.narrow().grid())
    others = grid[grid != weights[row, column]]
    weights[row, column] = others[rng.integers(len(others))]
    model = replace(design.model, weights={**design.model.weights, mvau.name: weights})
    return f"{mvau.name}[{row}, {column}]", model


def _threshold(design: Design, rng: np.random.Generator) -> tuple[str, Model] | None:
    """Move the boundaries of one channel of a requantizer by an eighth of their distance to 0."""
    nodes = _of_kind(design.model.accelerator, Requantize)
    if not nodes:
        return None
    node = nodes[rng.integers(len(nodes))]
    tail = design.model.tails[node.name]
    channel = int(rng.integers(node.channels))
    scale = np.broadcast_to(tail.scale, node.channels).copy()
    scale[channel] *= np.float32(1.125)
    tails = {**design.model.tails, node.name: replace(tail, scale=scale)}
    return f"{node.name}[{channel}]", replace(design.model, tails=tails)


def _pad(design: Design, rng: np.random.Generator) -> tuple[str, Model] | None:
    """Move a row of padding from the top to the bottom, or back, and columns alike."""
    accelerator = design.model.accelerator
    windows = [node for node in _of_kind(accelerator, SlidingWindow) if any(node.pads)]
    if not windows:
        return None
    window = windows[rng.integers(len(windows))]
    top, left, bottom, right = window.pads
    moved = [
        pads
        for pads in (
            (top - 1, left, bottom + 1, right),
            (top + 1, left, bottom - 1, right),
            (top, left - 1, bottom, right + 1),
            (top, left + 1, bottom, right - 1),
        )
        if min(pads) >= 0
        and max(pads[0], pads[2]) < window.kernel[0]
        and max(pads[1], pads[3]) < window.kernel[1]
    ]
    if not moved:
        return None
    pads = moved[rng.integers(len(moved))]
    nodes = tuple(
        replace(node, pads=pads) if isinstance(node, SlidingWindow) and node is window else node
        for node in accelerator.nodes
    )
    changed = Accelerator(nodes=nodes, sources=accelerator.sources)
    return f"{window.name} {pads}", replace(design.model, accelerator=changed)


def _lanes(design: Design, rng: np.random.Generator) -> tuple[str, Model] | None:
    """Exchange two lanes of a matrix unit: outputs of two PEs, or inputs of two products."""
    pairs = zip(design.model.accelerator.mvaus, design.flow.foldings, strict=True)
    wide = [(mvau, folding) for mvau, folding in pairs if folding.lanes > 1]
    if not wide:
        return None
    mvau, folding = wide[rng.integers(len(wide))]
    weights = design.model.weights[mvau.name].copy()
    is_row = folding.pe > 1
    lanes = folding.pe if is_row else folding.simd
    first, second = rng.choice(lanes, 2, replace=False)
    grid = weights if is_row else weights.T
    grid[first::lanes], grid[second::lanes] = grid[second::lanes].copy(), grid[first::lanes].copy()
    model = replace(design.model, weights={**design.model.weights, mvau.name: weights})
    return f"{mvau.name} {'PE' if is_row else 'SIMD'} {first} and {second}", model


def _fifo(design: Design, rng: np.random.Generator) -> Mutation | None:
    """Make a FIFO as shallow as one that no branch and no burst needs."""
    deep = [stream for stream in design.flow.streams if stream.fifo_depth > _SHALLOW]
    if not deep:
        return None
    stream = deep[rng.integers(len(deep))]
    flow: Dataflow = design.flow.with_fifo_depths({stream.key: _SHALLOW})
    rtl = emit_accelerator(flow, design.model, design.fabric)
    return Mutation(
        kind="fifo",
        place=f"{stream.source} > {stream.sink}: {stream.fifo_depth} words to {_SHALLOW}",
        design=replace(design, flow=flow, rtl=rtl),
    )


_SHALLOW = 2
