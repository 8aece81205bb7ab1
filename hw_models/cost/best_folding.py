"""The cheapest folding within a budget, found exactly, as an integer program.

What a chain takes is a sum (`chain.py`). One variable says which folding a layer has, one which
pair of foldings a stream's ends have, and the pairs must agree with the layers. Without a budget
this is a shortest path, so the program is easy; HiGHS solves it to proven optimality. For networks
that are no chains, `fold` serves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from hw_models.cost.chain import NUMBERS, Chain, is_chain
from hw_models.cost.estimate import estimate
from hw_models.cost.target import DspUse, Target, load_target
from hw_models.folding import (
    Folding,
    fold,
    layer_ii_cycles,
    legal_foldings,
    reachable_ii_cycles,
    slowest_layer_ii_cycles,
)
from hw_models.graph import Accelerator
from hw_models.resources import Resources

Floats = NDArray[np.float64]


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
    exact = _Exact(accelerator, target) if is_chain(accelerator) else None
    found: tuple[Folding, ...] | None = None
    targets = reachable_ii_cycles(accelerator)
    low, high = 0, len(targets)
    while low < high:
        middle = (low + high) // 2
        if exact is not None:
            trial = exact.cheapest(targets[middle], budget)
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
        is_exact=exact is not None,
    )


def cheapest_folding(
    accelerator: Accelerator, target_ii_cycles: int, budget: Resources, device: str, dsp: DspUse
) -> tuple[Folding, ...] | None:
    """Return the folding with the fewest LUTs of II at most `target_ii_cycles`, within `budget`.

    Returns:
        One folding a layer, or `None` if none fits. Exact for chains; `fold`'s for other networks.
    """
    if not is_chain(accelerator):
        return _folded(accelerator, target_ii_cycles, budget, device, dsp)
    return _Exact(accelerator, load_target(device, dsp)).cheapest(target_ii_cycles, budget)


def _folded(
    accelerator: Accelerator, ii_cycles: int, budget: Resources, device: str, dsp: DspUse
) -> tuple[Folding, ...] | None:
    foldings = fold(accelerator, ii_cycles)
    taken = estimate(accelerator, foldings, device, dsp).resources
    return foldings if taken.share_of(budget) <= 1.0 else None


class _Exact:
    """The foldings of a chain under a budget, as an integer program."""

    def __init__(self, accelerator: Accelerator, target: Target) -> None:
        mvaus = accelerator.mvaus
        formats = list(dict.fromkeys(f for mvau in mvaus for f in (mvau.weight, mvau.act)))
        index = {number_format: position for position, number_format in enumerate(formats)}
        self._options = [tuple(legal_foldings(mvau)) for mvau in mvaus]
        self._ii_cycles = [
            np.array([layer_ii_cycles(accelerator, mvau, folding) for folding in layer])
            for mvau, layer in zip(mvaus, self._options, strict=True)
        ]
        sums = Chain(accelerator, formats, self._options, target).sums(
            np.array([[index[mvau.weight] for mvau in mvaus]]),
            np.array([[index[mvau.act] for mvau in mvaus]]),
        )
        self._costs = [sums.layer(layer, slice(1))[0] for layer in range(len(mvaus))]
        self._between = [(b.costs[b.row[0]], (b.giver, b.taker)) for b in sums.between]

    def cheapest(self, target_ii_cycles: int, budget: Resources) -> tuple[Folding, ...] | None:
        """Return the folding with the fewest LUTs within II and budget; `None` if none fits."""
        allowed = [np.flatnonzero(ii <= target_ii_cycles) for ii in self._ii_cycles]
        if not all(len(layer) for layer in allowed):
            return None
        program = _Program()
        chosen = [
            program.one_of(self._costs[layer][options]) for layer, options in enumerate(allowed)
        ]
        for first, (table, classes) in enumerate(self._between):
            columns = program.some_of(table.reshape(-1, len(NUMBERS))).reshape(table.shape[:2])
            ends = zip((first, first + 1), (columns, columns.T), classes, strict=True)
            for layer, by_class, class_of in ends:
                for number, same_class in enumerate(by_class):
                    program.equal(same_class, chosen[layer][class_of[allowed[layer]] == number])
        solved = program.solve(np.array([getattr(budget, name) for name in NUMBERS]))
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
