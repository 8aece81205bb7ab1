"""The front as cost model and SQNR alone predict it, before anything is evaluated."""

from collections.abc import Iterator

import numpy as np

from dse.pareto import front
from dse.search.samplers.base import Candidate, Floats, Ints, Problem, as_candidate


def predicted_fronts(problem: Problem) -> Iterator[Candidate]:
    """Yield candidates up the predicted front, then up the front of what is left, and so on.

    Each front goes from cheap to dear. Only candidates below the reference cost are on one, for
    no other adds to the hypervolume. A space too large to list has the one front that `descent`
    finds.
    """
    if not problem.is_listed:
        yield from reversed(descent(problem))
        return
    candidates = problem.candidates()
    cost, noise = problem.log2_cost(candidates), problem.noise(candidates)
    left = np.flatnonzero(cost < problem.reference_log2_cost)
    while len(left):
        on_front = front(np.column_stack([noise[left], cost[left]]))
        for row in sorted(left[on_front], key=lambda row: (cost[row], noise[row])):
            yield as_candidate(candidates[row])
        left = left[~on_front]


def descent(problem: Problem) -> list[Candidate]:
    """Return the way from the most precise candidate down to the cheapest, a choice at a time.

    Each step changes the one choice that saves most of the cost's logarithm for the growth of the
    error's logarithm; a choice without error of its own stays at its first value.
    """
    noises = [
        None if choice.noise is None else np.asarray(choice.noise) for choice in problem.choices
    ]
    here = np.array([0 if noise is None else int(noise.argmin()) for noise in noises])
    way = [as_candidate(here)]
    while len(steps := _coarser(here, noises)):
        both = np.vstack([here, steps])
        cost, noise = problem.log2_cost(both), problem.noise(both)
        saved = cost[0] - cost[1:]
        if not (saved > 0).any():
            break
        grown = np.log(noise[1:] / noise[0]) if noise[0] > 0 else noise[1:]
        rate = np.where(saved > 0, saved / np.maximum(grown, 1e-12), -np.inf)
        here = steps[int(rate.argmax())]
        way.append(as_candidate(here))
    return way


def _coarser(here: Ints, noises: list[Floats | None]) -> Ints:
    """Return the candidates that differ from `here` in one choice, and there have more error."""
    found = []
    for column, noise in enumerate(noises):
        if noise is not None:
            for position in np.flatnonzero(noise > noise[here[column]]):
                step = here.copy()
                step[column] = position
                found.append(step)
    return np.array(found, dtype=np.int64).reshape(-1, len(noises))
