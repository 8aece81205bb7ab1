"""Quantune's method: gradient-boosted trees predict accuracy from the configuration.

After "Quantune: Post-training Quantization of Convolutional Neural Networks using Extreme Gradient
Boosting for Fast Deployment" (Lee et al., arXiv 2202.05048, 2022): one-hot configuration and
network features, boosted trees, the best prediction is evaluated next, and what other networks
taught is taken along. Quantune looks for the most accurate configuration alone; here the best
prediction is the greatest growth of the hypervolume, since the cost is known.
"""

from collections.abc import Sequence

import numpy as np
import xgboost

from dse.search.samplers._improvement import Staircase
from dse.search.samplers.base import (
    LISTED_AT_MOST,
    Candidate,
    Floats,
    Ints,
    Problem,
    SamplerKind,
    as_candidate,
)

_RANDOM_FIRST = 5
_ROUNDS = 200
_BOOSTING = {"objective": "reg:squarederror", "eta": 0.15, "nthread": 1, "verbosity": 0}


class Quantune:
    """Boosted trees on one-hot configurations."""

    def __init__(self, problem: Problem, seed: int) -> None:
        """Begin with some random candidates; the seed draws them."""
        self._problem = problem
        self._rng = np.random.default_rng(seed)
        self._seed = seed
        self._staircase = Staircase.of(problem)
        self._errors: dict[Candidate, float] = {}
        self._candidates = (
            problem.candidates() if problem.is_listed else problem.random(self._rng, LISTED_AT_MOST)
        )
        self._cost = problem.log2_cost(self._candidates)
        self._features = xgboost.DMatrix(_features(problem, self._candidates, problem.network))
        self._earlier = [
            (_features(problem, earlier.candidates, earlier.network), earlier.drop_points)
            for earlier in problem.earlier
        ]

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the candidate whose predicted error would add most, pending ones as predicted."""
        known = {*self._errors, *pending}
        seen = [as_candidate(row) in known for row in self._candidates]
        left = np.flatnonzero(~np.array(seen))
        if not len(left):
            return None
        if len(self._errors) < _RANDOM_FIRST and not self._earlier:
            return as_candidate(self._candidates[self._rng.choice(left)])
        trees = self._trees()
        staircase = self._staircase
        if pending:
            rows = np.array(pending)
            features = xgboost.DMatrix(_features(self._problem, rows, self._problem.network))
            believed = self._errors_by(trees, features)
            staircase = staircase.believing(self._problem.log2_cost(rows), believed)
        predicted = self._errors_by(trees, self._features)
        growth = staircase.growth(self._cost[left], predicted[left])
        best = np.flatnonzero(growth == growth.max())
        return as_candidate(self._candidates[left[self._rng.choice(best)]])

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn an error."""
        if candidate not in self._errors:
            self._errors[candidate] = error_pct
            cost = self._problem.log2_cost(np.array([candidate]))
            self._staircase.add(float(cost[0]), error_pct)

    def _errors_by(self, trees: xgboost.Booster, features: xgboost.DMatrix) -> Floats:
        return np.asarray(trees.predict(features)) + self._problem.float_error_pct

    def _trees(self) -> xgboost.Booster:
        own = np.array(list(self._errors), dtype=np.int64).reshape(-1, len(self._problem.choices))
        drops = np.array(list(self._errors.values())) - self._problem.float_error_pct
        known = [*self._earlier, (_features(self._problem, own, self._problem.network), drops)]
        matrix = xgboost.DMatrix(
            np.vstack([features for features, _ in known]),
            label=np.concatenate([drop for _, drop in known]),
        )
        return xgboost.train(_BOOSTING | {"seed": self._seed}, matrix, _ROUNDS)


def _features(problem: Problem, candidates: Ints, network: tuple[float, ...]) -> Floats:
    """Return configurations, one-hot, with what describes their network, `(n, features)`."""
    columns = [
        np.eye(len(choice.values))[candidates[:, column]]
        for column, choice in enumerate(problem.choices)
    ]
    return np.hstack([*columns, np.tile(np.asarray(network), (len(candidates), 1))])


SAMPLER = SamplerKind(
    summary="Quantune: boosted trees on the configuration", start=Quantune, pending=4
)
