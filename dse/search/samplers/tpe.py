"""Tree-structured Parzen estimator for two objectives (Ozaki et al., GECCO 2020), from Optuna."""

from optuna.samplers import TPESampler

from dse.search.samplers._optuna import OptunaSearch
from dse.search.samplers.base import Problem, SamplerKind


def _start(problem: Problem, seed: int) -> OptunaSearch:
    return OptunaSearch(
        problem, lambda seed: TPESampler(multivariate=True, constant_liar=True, seed=seed), seed
    )


SAMPLER = SamplerKind(
    summary="TPE: densities of good and of other candidates", start=_start, pending=4
)
