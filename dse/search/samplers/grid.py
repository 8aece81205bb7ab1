"""Every candidate, one after the other."""

from collections.abc import Iterator, Sequence
from itertools import product

from dse.search.samplers.base import MANY, Candidate, Problem, SamplerKind


class Grid:
    """Lists the space; the last choice varies fastest."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin at the first candidate; nothing is random."""
        del seed
        self._left: Iterator[Candidate] = product(
            *(range(len(choice.values)) for choice in problem.choices)
        )

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the next candidate."""
        return next(self._left, None)

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn nothing: the order is fixed."""


SAMPLER = SamplerKind(summary="every candidate, in order", start=Grid, pending=MANY)
