"""A walk up the predicted front: what needs no learning at all."""

from collections.abc import Sequence

from dse.search.samplers._predicted import predicted_fronts
from dse.search.samplers.base import MANY, Candidate, Problem, SamplerKind


class Greedy:
    """Evaluates what cost model and SQNR call best, from cheap to dear."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin at the cheap end; nothing is random."""
        del seed
        self._left = predicted_fronts(problem)

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the next candidate up the front."""
        return next(self._left, None)

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn nothing: the order is fixed."""


SAMPLER = SamplerKind(
    summary="a walk up the front that cost model and SQNR predict", start=Greedy, pending=MANY
)
