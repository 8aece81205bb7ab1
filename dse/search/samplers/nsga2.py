"""NSGA-II (Deb et al., IEEE TEVC 6(2), 2002), from Optuna."""

from optuna.samplers import NSGAIISampler

from dse.search.samplers._optuna import OptunaSearch
from dse.search.samplers.base import Problem, SamplerKind

_POPULATION = 20  # Optuna's 50 would spend a budget of some hundred evaluations on few generations


def _start(problem: Problem, seed: int) -> OptunaSearch:
    return OptunaSearch(
        problem, lambda seed: NSGAIISampler(population_size=_POPULATION, seed=seed), seed
    )


SAMPLER = SamplerKind(
    summary="NSGA-II: crossover, mutation, non-dominated sorting", start=_start, pending=4
)
