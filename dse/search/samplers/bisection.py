"""Bisection on a sensitivity order to a bound on accuracy, for one bound after the other.

After "Augmenting Hessians with Inter-Layer Dependencies for Mixed-Precision Post-Training
Quantization" (Schaefer et al., 2023): choices are ordered by sensitivity, and bisection finds how
far along that order the network may go within a bound. Here the order is the descent by predicted
error, to which every layer adds, in place of a Hessian, and the bounds of several users together
give a front.
"""

import math
from collections.abc import Generator, Sequence

from dse.search.samplers._predicted import descent
from dse.search.samplers.base import Candidate, Problem, SamplerKind

_DROPS_POINTS = (1.0, 4.0, 0.25, 2.0, 8.0, 0.5, 6.0, 0.1, 3.0)
"""Bounds on the loss of accuracy [points], one after the other; the reference point allows 10."""


class Bisection:
    """Finds the cheapest candidate on the way down that keeps each bound."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin with the first bound; nothing is random."""
        del seed
        self._way = descent(problem)
        self._float_error_pct = problem.float_error_pct
        self._errors: dict[Candidate, float] = {}
        self._questions = self._bisect()

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the next candidate whose error decides a bisection."""
        return next(self._questions, None)

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn the error of a candidate."""
        self._errors[candidate] = error_pct

    def _bisect(self) -> Generator[Candidate, None, None]:
        for drop in _DROPS_POINTS:
            bound = self._float_error_pct + drop
            kept, broken = -1, len(self._way)
            while broken - kept > 1:
                middle = (kept + broken) // 2
                if self._way[middle] not in self._errors:
                    yield self._way[middle]
                if self._errors.get(self._way[middle], math.inf) <= bound:
                    kept = middle
                else:
                    broken = middle


SAMPLER = SamplerKind(
    summary="bisection to bounds on accuracy, by sensitivity",
    start=Bisection,
    pending=1,
    pending_at_most=1,
)
