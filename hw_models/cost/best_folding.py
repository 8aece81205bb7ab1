"""The cheapest folding within a budget, found exactly, as an integer program.

What a network takes is a sum of terms: each node's cost depends on the folding of one layer, that
of a stream on the two layers at its ends. One variable says which folding a layer has, one which
pair of foldings a stream's ends have, and the pairs must agree with the layers. Without a budget
this is a shortest path, so the program is easy; HiGHS solves it to proven optimality.

A node that depends on two layers, such as the addition of a residual network, has no place in such
a sum; `fold` serves there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from hw_models.cost.estimate import estimate
from hw_models.cost.node import node_parts
from hw_models.cost.stream import stream_parts
from hw_models.cost.target import DspUse, Target, load_target
from hw_models.dataflow import Stream, dataflow, lanes_given, lanes_taken
from hw_models.folding import (
    Folding,
    Pace,
    fold,
    layer_ii_cycles,
    legal_foldings,
    node_paces,
    reachable_ii_cycles,
    slowest_layer_ii_cycles,
)
from hw_models.graph import INPUT, Accelerator, Add
from hw_models.resources import Part, Resources, total

Floats = NDArray[np.float64]

_NUMBERS = ("lut", "ff", "dsp", "bram18", "uram")


@dataclass(frozen=True, slots=True, kw_only=True)
class BestFolding:
    """A folding with the least II that fits, and among those with the fewest LUTs.

    Attributes:
        foldings: One a layer.
        ii_cycles: Cycles per frame of the slowest layer.
        resources: What the network takes, the least FIFOs included.
        is_exact: Whether no other folding is better; otherwise a good one.
    """

    foldings: tuple[Folding, ...]
    ii_cycles: int
    resources: Resources
    is_exact: bool


def best_folding(
    accelerator: Accelerator, budget: Resources, device: str, dsp: DspUse
) -> BestFolding | None:
    """Return the fastest folding within `budget`, of those the one with the fewest LUTs.

    A folding that reaches an II also reaches every greater one, so bisection over the IIs that
    layers can have finds the least.

    Args:
        accelerator: Shapes and formats.
        budget: What it may take.
        device: Name of an FPGA family.
        dsp: As for `estimate`.

    Returns:
        The folding, or `None` if none fits.
    """
    target = load_target(device, dsp)
    terms = None if _has_joins(accelerator) else _Terms(accelerator, target)
    found: tuple[Folding, ...] | None = None
    targets = reachable_ii_cycles(accelerator)
    low, high = 0, len(targets)
    while low < high:
        middle = (low + high) // 2
        if terms is not None:
            trial = terms.cheapest(targets[middle], budget)
        else:
            trial = _folded(accelerator, targets[middle], budget, device, dsp)
        if trial is None:
            low = middle + 1
        else:
            high, found = middle, trial
    if found is None:
        return None
    return BestFolding(
        foldings=found,
        ii_cycles=slowest_layer_ii_cycles(accelerator, found),
        resources=estimate(accelerator, found, device, dsp).resources,
        is_exact=terms is not None,
    )


def cheapest_folding(
    accelerator: Accelerator, target_ii_cycles: int, budget: Resources, device: str, dsp: DspUse
) -> tuple[Folding, ...] | None:
    """Return the folding with the fewest LUTs of II at most `target_ii_cycles`, within `budget`.

    Returns:
        One folding a layer, or `None` if none fits. Exact for chains; `fold`'s for other networks.
    """
    if _has_joins(accelerator):
        return _folded(accelerator, target_ii_cycles, budget, device, dsp)
    return _Terms(accelerator, load_target(device, dsp)).cheapest(target_ii_cycles, budget)


def _has_joins(accelerator: Accelerator) -> bool:
    return any(isinstance(node, Add) for node in accelerator.nodes)


def _folded(
    accelerator: Accelerator, ii_cycles: int, budget: Resources, device: str, dsp: DspUse
) -> tuple[Folding, ...] | None:
    foldings = fold(accelerator, ii_cycles)
    taken = estimate(accelerator, foldings, device, dsp).resources
    return foldings if taken.share_of(budget) <= 1.0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """What the streams between two layers take, by classes of foldings that they cannot tell apart.

    Attributes:
        layers: Positions of the two layers.
        classes: Class of each folding of the first and of the second layer.
        costs: `(classes, classes, numbers)`.
    """

    layers: tuple[int, int]
    classes: tuple[NDArray[np.intp], NDArray[np.intp]]
    costs: Floats


class _Terms:
    """The cost of a chain as a sum over layers and over streams between two of them."""

    def __init__(self, accelerator: Accelerator, target: Target) -> None:
        mvaus = accelerator.mvaus
        self._options = [tuple(legal_foldings(mvau)) for mvau in mvaus]
        self._ii_cycles = [
            np.array([layer_ii_cycles(accelerator, mvau, folding) for folding in options])
            for mvau, options in zip(mvaus, self._options, strict=True)
        ]
        self._costs = [np.zeros((len(options), len(_NUMBERS))) for options in self._options]
        self._fixed = np.zeros(len(_NUMBERS))
        self._pairs: list[_Pair] = []
        deciders = _deciders(accelerator)
        paces = self._paces(accelerator, deciders)
        for position, node in enumerate(accelerator.nodes):
            costs = [_numbers(node_parts(node, pace, target)) for pace in paces[position]]
            self._add(deciders[position], np.array(costs))
        for stream in dataflow(accelerator, [options[0] for options in self._options]).streams:
            self._add_stream(accelerator, stream, deciders, paces, target)

    def _paces(self, accelerator: Accelerator, deciders: Sequence[int]) -> list[list[Pace]]:
        """Return each node's pace at every folding of the layer that decides it."""
        first = [options[0] for options in self._options]
        paces: list[list[Pace]] = [[] for _ in accelerator.nodes]
        for layer, options in enumerate(self._options):
            for folding in options:
                at = node_paces(accelerator, [*first[:layer], folding, *first[layer + 1 :]])
                for position, decider in enumerate(deciders):
                    if decider == layer:
                        paces[position].append(at[position])
        fixed = node_paces(accelerator, first)
        return [found or [fixed[position]] for position, found in enumerate(paces)]

    def _add(self, layer: int, costs: Floats) -> None:
        if layer < 0:
            self._fixed += costs[0]
        else:
            self._costs[layer] += costs

    def _add_stream(
        self,
        accelerator: Accelerator,
        stream: Stream,
        deciders: Sequence[int],
        paces: Sequence[Sequence[Pace]],
        target: Target,
    ) -> None:
        nodes = accelerator.nodes
        at = {node.name: position for position, node in enumerate(nodes)}
        source, sink = at.get(stream.source), at.get(stream.sink)
        taken = [] if sink is None else [lanes_taken(nodes[sink], pace) for pace in paces[sink]]
        if source is None:
            first = at[accelerator.readers_of(INPUT)[0].name]
            given = [lanes_taken(nodes[first], pace) for pace in paces[first]]
            source = first
        else:
            given = [lanes_given(nodes[source], pace) for pace in paces[source]]
        ends = (deciders[source], deciders[source] if sink is None else deciders[sink])
        if sink is None or ends[0] == ends[1]:
            lanes = zip(given, taken or given, strict=True)
            costs = [_stream_numbers(stream, a, b, target) for a, b in lanes]
            self._add(ends[0], np.array(costs))
            return
        givers, giver = np.unique(given, return_inverse=True)
        takers, taker = np.unique(taken, return_inverse=True)
        table = np.array(
            [[_stream_numbers(stream, int(a), int(b), target) for b in takers] for a in givers]
        )
        if ends[0] < 0:
            self._add(ends[1], table[0][taker])
        elif ends[1] < 0:
            self._add(ends[0], table[:, 0][giver])
        else:
            self._pairs.append(_Pair(layers=ends, classes=(giver, taker), costs=table))

    def cheapest(self, target_ii_cycles: int, budget: Resources) -> tuple[Folding, ...] | None:
        """Return the folding with the fewest LUTs within II and budget; `None` if none fits."""
        allowed = [np.flatnonzero(ii <= target_ii_cycles) for ii in self._ii_cycles]
        if not all(len(layer) for layer in allowed):
            return None
        program = _Program()
        chosen = [
            program.one_of(self._costs[layer][options]) for layer, options in enumerate(allowed)
        ]
        for pair in self._pairs:
            table = pair.costs
            columns = program.some_of(table.reshape(-1, len(_NUMBERS))).reshape(table.shape[:2])
            ties = zip((columns, columns.T), pair.layers, pair.classes, strict=True)
            for by_class, layer, classes in ties:
                for number, same_class in enumerate(by_class):
                    program.equal(same_class, chosen[layer][classes[allowed[layer]] == number])
        solved = program.solve(np.array([getattr(budget, name) for name in _NUMBERS]) - self._fixed)
        if solved is None:
            return None
        picks = [
            options[int(solved[columns].argmax())]
            for options, columns in zip(allowed, chosen, strict=True)
        ]
        return tuple(self._options[layer][pick] for layer, pick in enumerate(picks))


class _Program:
    """An integer program under construction: columns with costs, and rows that tie them."""

    def __init__(self) -> None:
        self._costs: list[Floats] = []
        self._integer: list[int] = []
        self._rows: list[tuple[NDArray[np.intp], NDArray[np.intp], float]] = []

    def one_of(self, costs: Floats) -> NDArray[np.intp]:
        """Add a column for each row of `costs`, of which exactly one is 1; return the columns."""
        columns = self._columns(costs, integer=True)
        self._rows.append((columns, columns[:0], 1.0))
        return columns

    def some_of(self, costs: Floats) -> NDArray[np.intp]:
        """Add a column for each row of `costs`, tied by `equal` alone; return the columns."""
        return self._columns(costs, integer=False)

    def equal(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> None:
        """Let the columns on the left add up to those on the right."""
        self._rows.append((left, right, 0.0))

    def solve(self, budget: Floats) -> Floats | None:
        """Return the columns' values with the fewest LUTs within `budget`; `None` if none are."""
        costs = np.array(self._costs)
        entries = list(self._entries())
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
        ties = coo_array((values, (rows, columns)), shape=(len(self._rows), len(costs)))
        right = [constant for _, _, constant in self._rows]
        result = milp(
            costs[:, 0],
            integrality=np.array(self._integer),
            bounds=Bounds(0, 1),
            constraints=[
                LinearConstraint(ties.tocsr(), right, right),
                LinearConstraint(costs.T, -np.inf, budget),
            ],
            options={"mip_rel_gap": 0.0},
        )
        values_found: Floats | None = result.x
        return values_found

    def _columns(self, costs: Floats, *, integer: bool) -> NDArray[np.intp]:
        start = len(self._costs)
        self._costs.extend(costs)
        self._integer.extend([int(integer)] * len(costs))
        return np.arange(start, len(self._costs))

    def _entries(self) -> Iterator[tuple[int, int, float]]:
        for row, (left, right, _) in enumerate(self._rows):
            yield from ((row, int(column), 1.0) for column in left)
            yield from ((row, int(column), -1.0) for column in right)


def _deciders(accelerator: Accelerator) -> list[int]:
    """Return the layer whose folding decides each node's pace; -1 for those before the first."""
    layers = {mvau.name: layer for layer, mvau in enumerate(accelerator.mvaus)}
    windows = {
        window.name: layer
        for layer, mvau in enumerate(accelerator.mvaus)
        if (window := accelerator.window_of(mvau)) is not None
    }
    deciders = {INPUT: -1}
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        own = layers.get(node.name, windows.get(node.name))
        deciders[node.name] = deciders[sources[0]] if own is None else own
    return [deciders[node.name] for node in accelerator.nodes]


def _numbers(parts: Sequence[Part]) -> Floats:
    taken = total(parts)
    return np.array([getattr(taken, name) for name in _NUMBERS], dtype=np.float64)


def _stream_numbers(stream: Stream, given: int, taken: int, target: Target) -> Floats:
    return _numbers(stream_parts(replace(stream, source_lanes=given, sink_lanes=taken), target))
