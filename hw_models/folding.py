"""How many multipliers a layer gets: legal (PE, SIMD) pairs, their cycles, a frame rate's price.

PE outputs are computed side by side, each from SIMD products per cycle.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

from dse.errors import FoldingError, UnmodelledError
from hw_models.graph import INPUT, Accelerator, Add, Mvau, Node, Pool, Requantize, SlidingWindow
from hw_models.partial import PartialAccelerator

Shapes = Accelerator | PartialAccelerator
"""Layers that can be folded: all of a network, or what hardware computes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """Parallelism of one Mvau.

    Attributes:
        pe: Output channels computed side by side.
        simd: Products per output channel and cycle.
    """

    pe: int
    simd: int

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes."""
        return self.pe * self.simd

    def to_json(self) -> dict[str, int]:
        """Return both numbers by name."""
        return {"pe": self.pe, "simd": self.simd}


def legal_pe(mvau: Mvau) -> tuple[int, ...]:
    """Return the legal PE of `mvau`, ascending.

    They divide MH and stay within one group of channels or cover whole ones, so that every PE's
    group is known from its position.
    """
    per_group = mvau.mh // mvau.groups
    return tuple(pe for pe in _divisors(mvau.mh) if per_group % pe == 0 or pe % per_group == 0)


def legal_simd(mvau: Mvau) -> tuple[int, ...]:
    """Return the legal SIMD of `mvau`, ascending.

    They divide MW and stay within one pixel or cover whole ones, as a window buffer delivers them.
    """
    pixel = mvau.mw // mvau.taps
    return tuple(simd for simd in _divisors(mvau.mw) if pixel % simd == 0 or simd % pixel == 0)


def legal_foldings(mvau: Mvau) -> Iterator[Folding]:
    """Yield every legal folding of `mvau`, the cheapest first.

    Fewer lanes are cheaper. Among equal products PE·SIMD, which have equal II, the wider SIMD goes
    first: each PE costs an accumulator and a requantizer of its own.
    """
    pairs = [(pe, simd) for pe in legal_pe(mvau) for simd in legal_simd(mvau)]
    for pe, simd in sorted(pairs, key=lambda pair: (pair[0] * pair[1], pair[0])):
        yield Folding(pe=pe, simd=simd)


def check_folding(mvau: Mvau, folding: Folding) -> None:
    """Raise `FoldingError` unless `folding` is legal for `mvau`."""
    if folding.pe not in legal_pe(mvau):
        raise FoldingError(f"{mvau.name}: PE = {folding.pe} is not one of {legal_pe(mvau)}")
    if folding.simd not in legal_simd(mvau):
        raise FoldingError(f"{mvau.name}: SIMD = {folding.simd} is not one of {legal_simd(mvau)}")


def check_foldings(mvaus: Sequence[Mvau], foldings: Sequence[Folding]) -> None:
    """Raise `FoldingError` unless there is one legal folding for each of `mvaus`."""
    if len(foldings) != len(mvaus):
        raise FoldingError(f"{len(mvaus)} layers need as many foldings, not {len(foldings)}")
    for mvau, folding in zip(mvaus, foldings, strict=True):
        check_folding(mvau, folding)


def ii_cycles(mvau: Mvau, folding: Folding) -> int:
    """Return the cycles `mvau` takes per frame: vectors · (MW / SIMD) · (MH / PE).

    The same for grouped layers, where MW already counts the inputs of one group only.

    Raises:
        FoldingError: An illegal folding.
    """
    check_folding(mvau, folding)
    return mvau.vectors * (mvau.mw // folding.simd) * (mvau.mh // folding.pe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one node works.

    Attributes:
        folding: PE·SIMD elements are handled at once. A window handles SIMD elements of each of PE
            groups of channels, requantizers and pools one element in each of PE lanes.
        cycles: Cycles until the next elements arrive.
    """

    folding: Folding
    cycles: int = 1

    @property
    def lanes(self) -> int:
        """Elements handled at once."""
        return self.folding.lanes


@singledispatch
def node_ii_cycles(node: Node, pace: Pace) -> int:
    """Return the cycles `node` takes per frame at its `pace`.

    * Mvau: `ii_cycles`.
    * SlidingWindow: gives `lanes` elements and takes `window_in_lanes` per cycle, both at once: the
      slower stream counts.
    * Requantize, Pool, Add: `lanes` elements every `cycles` cycles.

    Raises:
        FoldingError: An illegal folding of an Mvau.
        UnmodelledError: A node of a kind without a rule.
    """
    raise UnmodelledError(f"no cycle count for nodes of kind {type(node).__name__}")


@node_ii_cycles.register
def _(node: Mvau, pace: Pace) -> int:
    return ii_cycles(node, pace.folding)


@node_ii_cycles.register
def _(node: SlidingWindow, pace: Pace) -> int:
    taken = window_in_lanes(node, pace)
    return max(_ceil_div(node.in_elements, taken), _ceil_div(node.out_elements, pace.lanes))


@node_ii_cycles.register(Requantize | Pool | Add)
def _(node: Requantize | Pool | Add, pace: Pace) -> int:
    return _ceil_div(node.in_elements, pace.lanes) * pace.cycles


def window_pace(mvau: Mvau, folding: Folding) -> Pace:
    """Return the pace of the window buffer in front of `mvau`.

    SIMD elements per cycle for each of the groups of channels in work, which PE outputs share.
    """
    groups = max(1, folding.pe * mvau.groups // mvau.mh)
    return Pace(folding=Folding(pe=groups, simd=folding.simd))


def pooled_window_pace(lanes: int) -> Pace:
    """Return the pace of the window buffer in front of a pool of `lanes`."""
    return Pace(folding=Folding(pe=1, simd=lanes))


def window_in_lanes(window: SlidingWindow, pace: Pace) -> int:
    """Return the elements that `window` takes per cycle, all of one pixel.

    One of each group of channels in work; where the channels are one group, SIMD or all of them.
    """
    return min(pace.folding.simd, window.channels) if window.groups == 1 else pace.folding.pe


def node_paces(accelerator: Accelerator, foldings: Sequence[Folding]) -> tuple[Pace, ...]:
    """Return the pace of every node, shape `(nodes,)`, from the folding of every layer.

    An Mvau gives PE sums every MW / SIMD cycles, and what follows it works in as many lanes; an Add
    as slow as the slower of its streams. An average pool gives the sums of its last row fastest,
    one per kernel width. Before the first layer, one element arrives per cycle.

    Raises:
        FoldingError: Not one folding per layer, or an illegal one.
    """
    mvaus = accelerator.mvaus
    check_foldings(mvaus, foldings)
    given = {INPUT: Pace(folding=Folding(pe=1, simd=1))}
    paces = []
    for position, node in enumerate(accelerator.nodes):
        layer = accelerator.layer_of_node[position]
        mvau, folding = mvaus[layer], foldings[layer]
        taken = [given[name] for name in accelerator.sources[position]]
        pace = max(taken, key=lambda stream: stream.cycles / stream.lanes)
        if isinstance(node, SlidingWindow):
            (reader, *_) = accelerator.readers_of(node.name)
            is_pooled = isinstance(reader, Pool)
            pace = pooled_window_pace(pace.lanes) if is_pooled else window_pace(mvau, folding)
        elif isinstance(node, Pool):
            pace = Pace(folding=Folding(pe=pace.lanes, simd=1), cycles=pace.cycles)
        elif isinstance(node, Mvau):
            pace = Pace(folding=folding)
        paces.append(pace)
        given[node.name] = _given_pace(node, pace)
    return tuple(paces)


def _given_pace(node: Node, pace: Pace) -> Pace:
    """Return the pace of the stream that `node` gives at its own `pace`."""
    lanes = Folding(pe=pace.folding.pe, simd=1)
    if isinstance(node, Mvau):
        return Pace(folding=lanes, cycles=node.mw // pace.folding.simd)
    if isinstance(node, Pool):
        return Pace(folding=lanes, cycles=pace.cycles * node.kernel[1])
    return pace


def layer_ii_cycles(accelerator: Shapes, mvau: Mvau, folding: Folding) -> int:
    """Return the cycles per frame of `mvau` or of a window around it, the slowest of them.

    Windows are in front of it, or in front of the pools behind.
    """
    window = accelerator.window_of(mvau)
    in_front = [node_ii_cycles(window, window_pace(mvau, folding))] if window else []
    pace = pooled_window_pace(folding.pe)
    behind = [node_ii_cycles(window, pace) for window in accelerator.pooled_windows_of(mvau)]
    return max([ii_cycles(mvau, folding), *in_front, *behind])


def slowest_layer_ii_cycles(accelerator: Accelerator, foldings: Sequence[Folding]) -> int:
    """Return the cycles per frame of the slowest layer at its folding."""
    pairs = zip(accelerator.mvaus, foldings, strict=True)
    return max(layer_ii_cycles(accelerator, mvau, folding) for mvau, folding in pairs)


def reachable_ii_cycles(accelerator: Accelerator) -> list[int]:
    """Return every II that some folding of the slowest layer has, ascending."""
    choices = [
        {layer_ii_cycles(accelerator, mvau, folding) for folding in legal_foldings(mvau)}
        for mvau in accelerator.mvaus
    ]
    least = max(min(layer) for layer in choices)
    return sorted(ii for ii in set().union(*choices) if ii >= least)


def fold(accelerator: Shapes, target_ii_cycles: int) -> tuple[Folding, ...]:
    """Return each layer's cheapest legal folding that takes at most `target_ii_cycles` per frame.

    Formats play no part, so every format pair gets the same folding. Ties as in `legal_foldings`.

    Raises:
        FoldingError: A layer is too slow even when fully unrolled; names it and its best II.
    """
    return tuple(
        cheapest_layer_folding(accelerator, mvau, target_ii_cycles) for mvau in accelerator.mvaus
    )


def fold_to_fps(accelerator: Shapes, fps: float, clock_mhz: float) -> tuple[Folding, ...]:
    """Return the cheapest foldings that reach `fps` at `clock_mhz`.

    The target is ``floor(clock / fps)`` cycles per frame.

    Raises:
        FoldingError: No folding reaches `fps`; names the slowest layer and the best frame rate.
    """
    if not fps > 0:
        raise FoldingError(f"the frame rate must be positive, not {fps}")
    slowest = max(accelerator.mvaus, key=lambda mvau: _best_ii_cycles(accelerator, mvau))
    best = _best_ii_cycles(accelerator, slowest)
    target = math.floor(clock_mhz * 1e6 / fps)
    if best > target:
        raise FoldingError(
            f"{slowest.name} takes {best} cycles per frame even when fully unrolled: "
            f"{fps:g} fps need at most {target}; the best at {clock_mhz:g} MHz is "
            f"{clock_mhz * 1e6 / best:.6g} fps"
        )
    return fold(accelerator, target)


def cheapest_layer_folding(accelerator: Shapes, mvau: Mvau, target_ii_cycles: int) -> Folding:
    """Return the cheapest legal folding of `mvau` that takes at most `target_ii_cycles` per frame.

    Raises:
        FoldingError: It is too slow even when fully unrolled.
    """
    for folding in legal_foldings(mvau):
        if layer_ii_cycles(accelerator, mvau, folding) <= target_ii_cycles:
            return folding
    best = _best_ii_cycles(accelerator, mvau)
    raise FoldingError(
        f"{mvau.name} takes {best} cycles per frame even when fully unrolled, "
        f"not {target_ii_cycles}"
    )


def _best_ii_cycles(accelerator: Shapes, mvau: Mvau) -> int:
    return layer_ii_cycles(accelerator, mvau, Folding(pe=mvau.mh, simd=mvau.mw))


def _divisors(n: int) -> list[int]:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return sorted({*small, *(n // d for d in small)})


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)
