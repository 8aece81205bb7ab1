"""Predicts first, evaluates what promises most: SQNR gives a law, evaluations refine it.

In memory, the law (`_law.py`) predicts errors with their doubt and the cost model gives exact
costs; evaluated is the candidate of which the hypervolume is expected to grow most.
"""

from collections.abc import Sequence

import numpy as np

from dse.search.samplers._improvement import Staircase
from dse.search.samplers._law import Law
from dse.search.samplers._pool import pool
from dse.search.samplers._predicted import descent
from dse.search.samplers.base import Candidate, Floats, Ints, Problem, SamplerKind, as_candidate


class TwoStage:
    """Expected hypervolume improvement under the law of error power."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin; the seed decides ties and, in spaces too large to list, mutations.

        What is drawn depends on the seed and on what was told alone, so that a search that goes on
        asks what an uninterrupted one would have asked.
        """
        self._problem = problem
        self._seed = seed
        self._law = Law(problem)
        self._staircase = Staircase.of(problem)
        self._errors: dict[Candidate, float] = {}
        self._listed: tuple[Ints, Floats] | None = None
        self._start: list[Candidate] = [] if problem.is_listed else descent(problem)

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the candidate expected to add most, if the law is right about pending ones."""
        rng = np.random.default_rng([self._seed, len(self._errors) + len(pending)])
        candidates, cost = self._pool(rng)
        rows = {as_candidate(row): index for index, row in enumerate(candidates)}
        new = np.ones(len(candidates), dtype=np.bool_)
        new[[rows[seen] for seen in (*self._errors, *pending) if seen in rows]] = False
        if not new.any():
            return None
        mean, deviation = self._law.predict(candidates[new])
        expected = self._believed(pending).expected_growth(
            cost[new], mean, deviation, self._law.offset_pct
        )
        best = np.flatnonzero(expected == expected.max())
        return as_candidate(candidates[new][rng.choice(best)])

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn an error and fit the law again."""
        if candidate in self._errors:
            return
        self._errors[candidate] = error_pct
        cost = self._problem.log2_cost(np.array([candidate]))
        self._staircase.add(float(cost[0]), error_pct)
        self._law.fit(np.array(list(self._errors)), np.array(list(self._errors.values())))

    def _believed(self, pending: Sequence[Candidate]) -> Staircase:
        if not pending:
            return self._staircase
        rows = np.array(pending)
        error_pct = np.exp(self._law.mean(rows)) - self._law.offset_pct
        return self._staircase.believing(self._problem.log2_cost(rows), error_pct)

    def _pool(self, rng: np.random.Generator) -> tuple[Ints, Floats]:
        if self._listed is not None:
            return self._listed
        start = np.array([*self._errors, *self._start], dtype=np.int64)
        found = pool(self._problem, self._law.mean, start, rng)
        costed = found, self._problem.log2_cost(found)
        if self._problem.is_listed:
            self._listed = costed
        return costed


SAMPLER = SamplerKind(
    summary="SQNR predicts, evaluations refine, the greatest expected growth is next",
    start=TwoStage,
    pending=4,
)
