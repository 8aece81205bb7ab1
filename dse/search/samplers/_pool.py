"""Candidates worth a closer look, from a space of any size."""

from collections.abc import Callable

import numpy as np

from dse.pareto import front
from dse.search.samplers.base import Floats, Ints, Problem

_GENERATIONS = 12
_CHILDREN = 4096


def pool(
    problem: Problem,
    error: Callable[[Ints], Floats],
    start: Ints,
    rng: np.random.Generator,
) -> Ints:
    """Return distinct candidates around the predicted front, `(n, choices)`.

    A small space is listed. In a large one the front of (predicted error, cost) is bred from
    `start` by mutation and crossover, in memory.

    Args:
        problem: The space.
        error: Predicts errors, in any unit, `(n, choices)` to `(n,)`.
        start: Candidates to begin with, `(k, choices)`.
        rng: Draws mutations.
    """
    if problem.is_listed:
        return problem.candidates()
    parents = start
    looked_at = [parents]
    for _ in range(_GENERATIONS):
        children = np.unique(_bred(problem, parents, rng), axis=0)
        looked_at.append(children)
        both = np.unique(np.vstack([parents, children]), axis=0)
        parents = both[front(np.column_stack([error(both), problem.log2_cost(both)]))]
    return np.unique(np.vstack([parents, *looked_at[-2:]]), axis=0)


def _bred(problem: Problem, parents: Ints, rng: np.random.Generator) -> Ints:
    """Return children of two parents each, every choice from either, one or two of them anew."""
    mothers = parents[rng.integers(len(parents), size=_CHILDREN)]
    fathers = parents[rng.integers(len(parents), size=_CHILDREN)]
    crossed = rng.random(_CHILDREN) < 0.5
    from_father = (rng.random(mothers.shape) < 0.5) & crossed[:, None]
    children = np.where(from_father, fathers, mothers)
    fresh = rng.random(mothers.shape) < 1.5 / mothers.shape[1]
    return np.where(fresh, problem.random(rng, _CHILDREN), children)
