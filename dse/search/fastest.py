"""The folding of each candidate of a search: of those that fit the board the fastest.

A folding that reaches an II also reaches every greater one, so bisection over the IIs that layers
can have finds the least at which a candidate fits. Candidates are told apart by the II they try
next, and all that try one share a chain. At an II, a candidate fits if its folding with the fewest
LUTs is within the budget. Where LUTs bind, that is exact: with fewer LUTs than the fewest there is
no folding. Where flip-flops, DSP blocks or block RAMs bind, another folding of that II may fit
though the one with the fewest LUTs does not; a point that is evaluated is then folded by the
integer program (`hw_models.cost.best_folding`), so that it may be faster than samplers were told.
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
from dse.search.samplers.base import Floats, Ints
from hw_models.cost.best_folding import best_folding
from hw_models.cost.chain import NUMBERS, Chain
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Shapes, reachable_ii_cycles
from hw_models.graph import Accelerator
from hw_models.resources import Resources

_LUT = NUMBERS.index("lut")


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

        What fits at no II takes what it does at the greatest.
        """
        taken = np.zeros((len(weights), len(NUMBERS)), dtype=np.int64)
        ii_cycles = np.zeros(len(weights), dtype=np.int64)
        steps = self._steps(weights, acts)
        for step in np.unique(steps).tolist():
            rows = np.flatnonzero(steps == step)
            chain = self._chain(step)
            taken[rows], options = chain.cheapest(weights[rows], acts[rows])
            ii_cycles[rows] = chain.ii_cycles(options)
        found: dict[str, Ints | Floats] = dict(zip(NUMBERS, taken.T, strict=True))
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
        if self._may_be_faster(step, weights, acts):
            formatted = self.template.with_formats(
                [layer.weight for layer in layers], [layer.act for layer in layers]
            )
            best = best_folding(formatted, self.budget, self.device, self.dsp)
            if best is not None:
                return best.foldings
        chain = self._chain(step)
        _, (options,) = chain.cheapest(weights, acts)
        return tuple(chain.options[layer][option] for layer, option in enumerate(options))

    def _may_be_faster(self, step: int, weights: Ints, acts: Ints) -> bool:
        """Return whether LUTs would allow what the bisection of one candidate found not to fit."""
        if self._fits(step, weights, acts).all():
            step -= 1
        if step < 0:
            return False
        found, _ = self._chain(step).cheapest(weights, acts)
        return bool(found[0, _LUT] <= self.budget.lut)

    def _steps(self, weights: Ints, acts: Ints) -> Ints:
        """Return the position in `ii_cycles` of the least that fits, `(n,)`; the last if none."""
        low = np.zeros(len(weights), dtype=np.int64)
        high = np.full_like(low, len(self.ii_cycles) - 1)
        while (is_open := low < high).any():
            middle = (low + high) // 2
            for step in np.unique(middle[is_open]).tolist():
                rows = np.flatnonzero(is_open & (middle == step))
                fits = self._fits(step, weights[rows], acts[rows])
                high[rows[fits]] = step
                low[rows[~fits]] = step + 1
        return low

    def _fits(self, step: int, weights: Ints, acts: Ints) -> NDArray[np.bool_]:
        taken, _ = self._chain(step).cheapest(weights, acts)
        most = np.array([getattr(self.budget, name) for name in NUMBERS])
        return np.asarray((taken <= most).all(axis=1))

    def _chain(self, step: int) -> Chain:
        if step not in self._chains:
            options = looked_at(self.template, self.ii_cycles[step])
            target = load_target(self.device, self.dsp)
            self._chains[step] = Chain(self.template, self.formats, options, target)
        return self._chains[step]
