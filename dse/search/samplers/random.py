"""Candidates drawn evenly: what every other sampler must beat."""

from collections.abc import Iterator, Sequence

import numpy as np

from dse.search.samplers.base import MANY, Candidate, Problem, SamplerKind, as_candidate


class Random:
    """Draws without putting back, where the space can be listed."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin with the given seed."""
        self._drawn = _drawn(problem, np.random.default_rng(seed))

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the next draw."""
        return next(self._drawn, None)

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn nothing."""


def _drawn(problem: Problem, rng: np.random.Generator) -> Iterator[Candidate]:
    if problem.is_listed:
        yield from map(as_candidate, rng.permutation(problem.candidates()))
        return
    while True:
        yield as_candidate(problem.random(rng, 1)[0])


SAMPLER = SamplerKind(summary="candidates drawn evenly", start=Random, pending=MANY)
