"""The folding of each candidate of a search: of those that fit the board the fastest.

A folding that reaches an II also reaches every greater one, so bisection over the IIs that layers
can have finds the least at which a candidate fits. Candidates are told apart by the II they try
next, and all that try one share a chain, whose cheapest folding is a shortest path.

Where LUTs bind, that folding decides: with fewer LUTs there is none. Where it is within the LUTs
but takes too much of something else, resources get prices, and what is over the budget becomes
dearer from round to round (multiplicative weights: Plotkin, Shmoys and Tardos, Mathematics of
Operations Research 20 (1995) 257-301). A path within the budget is a folding that fits; a cheapest
path that costs more than the whole budget says that none does (Lagrange duality). What neither
settles counts as not fitting, so that samplers may be told too many cycles, never too few. The
folding of a point that is evaluated is exact: unless LUTs alone decide, the integer program finds
it (`hw_models.cost.best_folding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from dse.formats import Format
from dse.point import Dsp, Scheme
from dse.search.cheapest import is_foldable, looked_at
from dse.search.constraint import ENDLESS
from dse.search.samplers.base import Floats, Ints
from hw_models.cost.best_folding import best_folding
from hw_models.cost.chain import NUMBERS, Chain, Classes
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Shapes, reachable_ii_cycles
from hw_models.graph import Accelerator
from hw_models.resources import Resources

_LUT = NUMBERS.index("lut")


_KNOWN_AT_MOST = 500_000
"""Candidates whose costs are kept: samplers ask for most of them again."""
_ROUNDS = 16
"""Prices that are tried before a candidate counts as not fitting an II."""
_STEP = 2.0
"""A resource of which twice the budget is taken becomes exp of so much dearer in a round."""
_ROUNDING = 1e-9
"""Shares of the budget that are no proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What was found of candidates at an II.

    Attributes:
        taken: What each takes, `(n, numbers)`: within the budget, or else with the fewest LUTs.
        options: Position of each layer's folding in the chain's options then, `(n, layers)`.
        fits: Whether that is within the budget.
    """

    taken: Ints
    options: Classes
    fits: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class FastestFoldings:
    """Foldings of one network in any formats, as fast as a budget allows.

    Attributes:
        template: Its shapes.
        formats: Formats it may have.
        ii_cycles: Cycles a frame can take, ascending.
        budget: The most it may take.
        device: FPGA family.
        dsp: Use of DSP blocks.
        clock_mhz: Clock of the frame rates it tells [MHz].
    """

    template: Accelerator
    formats: tuple[Format, ...]
    ii_cycles: tuple[int, ...]
    budget: Resources
    device: str
    dsp: Dsp
    clock_mhz: float
    _chains: dict[int, Chain] = field(default_factory=dict, repr=False, compare=False)
    _known: dict[bytes, Ints] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        template: Shapes,
        formats: Sequence[Format],
        budget: Resources,
        device: str,
        dsp: Dsp,
        clock_mhz: float,
    ) -> Self:
        """Begin; see the attributes.

        Raises:
            DesignError: The network has no best folding that can be found.
        """
        if not is_foldable(template):
            raise DesignError(
                "the fastest folding is found of chains that hardware computes as a whole, not of "
                'networks with additions or host functions: give fps = … and folding = "fixed"'
            )
        return cls(
            template=template,
            formats=tuple(formats),
            ii_cycles=tuple(reachable_ii_cycles(template)),
            budget=budget,
            device=device,
            dsp=dsp,
            clock_mhz=clock_mhz,
        )

    def costs(self, weights: Ints, acts: Ints) -> dict[str, Ints | Floats]:
        """Return what assignments of `formats`, by index `(n, layers)`, take, each `(n,)`.

        LUTs may be more than the fewest within the budget, for only cycles are compared. What fits
        at no II takes what it does at the greatest.
        """
        keys = [row.tobytes() for row in np.hstack([weights, acts])]
        if len(self._known) > _KNOWN_AT_MOST:
            self._known.clear()
        new = {key: row for row, key in enumerate(keys) if key not in self._known}
        if new:
            rows = list(new.values())
            self._known.update(zip(new, self._costs(weights[rows], acts[rows]), strict=True))
        *taken, ii_cycles = np.array([self._known[key] for key in keys], dtype=np.int64).T
        found: dict[str, Ints | Floats] = dict(zip(NUMBERS, taken, strict=True))
        return found | {"ii_cycles": ii_cycles, "fps": self.clock_mhz * 1e6 / ii_cycles}

    def of_scheme(self, scheme: Scheme) -> tuple[Folding, ...]:
        """Return the fastest folding within the budget, of those the one with the fewest LUTs.

        If none is within the budget: of the slowest the one with the fewest LUTs.
        """
        layers = scheme.layers
        index = {number_format: position for position, number_format in enumerate(self.formats)}
        weights = np.array([[index[layer.weight] for layer in layers]])
        acts = np.array([[index[layer.act] for layer in layers]])
        (step,) = self._steps(weights, acts).tolist()
        chain = self._chain(step)
        taken, (options,) = chain.cheapest(weights, acts)
        if not (self._within(taken).all() and self._takes_all_luts(step - 1, weights, acts)):
            formatted = self.template.with_formats(
                [layer.weight for layer in layers], [layer.act for layer in layers]
            )
            best = best_folding(formatted, self.budget, self.device, self.dsp)
            if best is not None:
                return best.foldings
        return tuple(chain.options[layer][option] for layer, option in enumerate(options))

    def _costs(self, weights: Ints, acts: Ints) -> Ints:
        """Return what each takes and its II, `(n, numbers + 1)`."""
        costs = np.zeros((len(weights), len(NUMBERS) + 1), dtype=np.int64)
        steps = self._steps(weights, acts)
        for step in np.unique(steps).tolist():
            rows = np.flatnonzero(steps == step)
            tried = self._tried(step, weights[rows], acts[rows])
            ii_cycles = self._chain(step).ii_cycles(tried.options)
            costs[rows] = np.column_stack([tried.taken, ii_cycles])
        return costs

    def _takes_all_luts(self, step: int, weights: Ints, acts: Ints) -> bool:
        """Return whether one candidate has not the LUTs for an II, or there is no such II."""
        if step < 0:
            return True
        taken, _ = self._chain(step).cheapest(weights, acts)
        return bool(taken[0, _LUT] > self.budget.lut)

    def _steps(self, weights: Ints, acts: Ints) -> Ints:
        """Return the position in `ii_cycles` of the least that fits, `(n,)`; the last if none."""
        low = np.zeros(len(weights), dtype=np.int64)
        high = np.full_like(low, len(self.ii_cycles) - 1)
        while (is_open := low < high).any():
            middle = (low + high) // 2
            for step in np.unique(middle[is_open]).tolist():
                rows = np.flatnonzero(is_open & (middle == step))
                fits = self._tried(step, weights[rows], acts[rows]).fits
                high[rows[fits]] = step
                low[rows[~fits]] = step + 1
        return low

    def _tried(self, step: int, weights: Ints, acts: Ints) -> _Tried:
        """Look for foldings of an II within the budget."""
        sums, most = self._chain(step).sums(weights, acts), self._most
        taken, options = sums.cheapest(np.arange(len(weights)))
        fits = self._within(taken)
        is_open = ~fits & (taken[:, _LUT] <= self.budget.lut)
        prices = np.tile((most < ENDLESS) / np.maximum(most, 1), (len(weights), 1))
        for _ in range(_ROUNDS):
            if not (rows := np.flatnonzero(is_open)).size:
                break
            found, picks = sums.cheapest(rows, prices[rows])
            fitting = self._within(found)
            taken[rows[fitting]], options[rows[fitting]] = found[fitting], picks[fitting]
            fits[rows[fitting]] = True
            over = found - most
            too_dear = (prices[rows] * over).sum(axis=1) > _ROUNDING
            is_open[rows[fitting | too_dear]] = False
            prices[rows] *= np.exp(_STEP * (over / np.maximum(most, 1)).clip(-1.0, 1.0))
        return _Tried(taken=taken, options=options, fits=fits)

    def _within(self, taken: Ints) -> NDArray[np.bool_]:
        return np.asarray((taken <= self._most).all(axis=1))

    @property
    def _most(self) -> Ints:
        return np.array([getattr(self.budget, name) for name in NUMBERS])

    def _chain(self, step: int) -> Chain:
        if step not in self._chains:
            options = looked_at(self.template, self.ii_cycles[step])
            target = load_target(self.device, self.dsp)
            self._chains[step] = Chain(self.template, self.formats, options, target)
        return self._chains[step]
