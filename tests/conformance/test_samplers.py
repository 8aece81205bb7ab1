"""What every sampler must do, whoever wrote it."""

import numpy as np
import pytest

from dse.search.samplers import SAMPLERS, Candidate, Choice, Problem, Sampler

SIZES = (4, 3, 2)
PROBLEM = Problem(
    choices=(
        Choice(name="weights", values=("a", "b", "c", "d"), noise=(0.1, 0.03, 0.01, 0.003)),
        Choice(name="activations", values=("a", "b", "c"), noise=(0.05, 0.01, 0.002)),
        Choice(name="recipe", values=("none", "best")),
    ),
    log2_cost=lambda candidates: 8.0 + candidates[:, 0] * 0.6 + candidates[:, 1] * 0.5,
    float_error_pct=5.0,
    n_val=1000,
    reference_error_pct=15.0,
    reference_log2_cost=11.0,
)


def error_pct(candidate: Candidate) -> float:
    weight, act, recipe = candidate
    return 5.0 + (8.0, 3.0, 1.0, 0.2)[weight] + (4.0, 1.0, 0.1)[act] - 0.3 * recipe


def first(search: Sampler, count: int) -> list[Candidate]:
    """Return the candidates of `count` questions, each answered."""
    asked = []
    for _ in range(count):
        candidate = search.ask()
        if candidate is None:
            break
        asked.append(candidate)
        search.tell(candidate, error_pct(candidate))
    return asked


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_candidates_lie_in_the_space(name: str) -> None:
    asked = first(SAMPLERS[name].start(PROBLEM, 0), 30)
    assert asked
    for candidate in asked:
        assert len(candidate) == len(SIZES)
        assert all(type(position) is int for position in candidate)
        assert all(0 <= position < size for position, size in zip(candidate, SIZES, strict=True))


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_the_seed_decides(name: str) -> None:
    runs = [first(SAMPLERS[name].start(PROBLEM, 3), 12) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_results_found_elsewhere_may_be_told(name: str) -> None:
    search = SAMPLERS[name].start(PROBLEM, 0)
    for candidate in ((0, 0, 0), (3, 2, 1), (1, 1, 0)):
        search.tell(candidate, error_pct(candidate))
    assert first(search, 5)


@pytest.mark.parametrize("name", ["grid", "greedy", "random", "quantune", "two-stage"])
def test_some_never_ask_twice_and_know_the_end(name: str) -> None:
    asked = first(SAMPLERS[name].start(PROBLEM, 1), 1000)
    assert len(set(asked)) == len(asked)
    below_reference = PROBLEM.log2_cost(PROBLEM.candidates()) < PROBLEM.reference_log2_cost
    assert len(asked) == (np.sum(below_reference) if name == "greedy" else PROBLEM.size)


@pytest.mark.parametrize("name", ["bisection", "greedy", "quantune", "random", "tpe", "two-stage"])
def test_spaces_that_cannot_be_listed(name: str) -> None:
    layers = 8
    choice = Choice(name="", values=tuple("abcdefgh"), noise=tuple(4.0 ** -np.arange(8)))
    problem = Problem(
        choices=tuple(
            Choice(name=f"layer {layer}", values=choice.values, noise=choice.noise)
            for layer in range(layers)
        ),
        log2_cost=lambda candidates: np.log2(100.0 + candidates.sum(axis=1)),
        float_error_pct=5.0,
        n_val=1000,
        reference_error_pct=15.0,
        reference_log2_cost=8.0,
    )
    search = SAMPLERS[name].start(problem, 0)
    asked = set()
    for _ in range(4):
        candidate = search.ask()
        assert candidate is not None
        asked.add(candidate)
        search.tell(candidate, 5.0 + 100.0 * float(problem.noise(np.array([candidate]))[0]))
    assert len(asked) == 4
