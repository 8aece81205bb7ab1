"""The law of error power: its slopes, its doubt, and what it learns."""

import numpy as np
import pytest

from dse.search.samplers import Choice, Problem
from dse.search.samplers._law import Law

NOISE = tuple(10.0 ** -np.linspace(0.5, 3.5, 8))
PROBLEM = Problem(
    choices=(
        Choice(name="weights", values=tuple("abcdefgh"), noise=NOISE),
        Choice(name="recipe", values=("none", "best")),
        Choice(name="activations", values=tuple("abcdefgh"), noise=NOISE),
    ),
    log2_cost=lambda candidates: candidates.sum(axis=1).astype(np.float64),
    float_error_pct=6.0,
    n_val=5000,
    reference_error_pct=16.0,
    reference_log2_cost=20.0,
)


def error_pct(candidates: np.ndarray) -> np.ndarray:
    """Return errors by the law, with other parameters than the prior's means."""
    noise = np.array(NOISE)
    power = 2.0 * noise[candidates[:, 0]] + 0.5 * noise[candidates[:, 2]]
    return 6.2 + 35.0 * power**1.2 * np.where(candidates[:, 1] == 1, 0.7, 1.0)


def test_slopes_are_those_of_the_law() -> None:
    law = Law(PROBLEM)
    rng = np.random.default_rng(0)
    at = law._mean + 0.3 * rng.standard_normal(len(law._mean))
    rows = PROBLEM.random(rng, 20)
    _, slopes = law._evaluated(at, rows)
    for parameter in range(len(at)):
        step = np.zeros(len(at))
        step[parameter] = 1e-6
        ahead, behind = law._evaluated(at + step, rows)[0], law._evaluated(at - step, rows)[0]
        assert np.allclose(slopes[:, parameter], (ahead - behind) / 2e-6, atol=1e-7)


def test_it_learns_and_knows_how_well() -> None:
    rng = np.random.default_rng(1)
    rows = rng.permutation(PROBLEM.candidates())
    seen, unseen = rows[:25], rows[25:]
    law = Law(PROBLEM)
    truth = np.log(error_pct(unseen) + law.offset_pct)
    before, doubt_before = law.predict(unseen)
    law.fit(seen, error_pct(seen))
    after, doubt_after = law.predict(unseen)
    assert np.abs(after - truth).mean() < 0.25 * np.abs(before - truth).mean()
    assert doubt_after.mean() < 0.5 * doubt_before.mean()
    assert np.mean(np.abs(after - truth) < 2 * doubt_after) > 0.9


def test_an_error_of_zero_and_a_silent_value_are_no_trouble() -> None:
    silent = Problem(
        choices=(Choice(name="weights", values=("a", "b"), noise=(0.1, 0.0)),),
        log2_cost=PROBLEM.log2_cost,
        float_error_pct=0.0,
        n_val=100,
        reference_error_pct=10.0,
        reference_log2_cost=5.0,
    )
    law = Law(silent)
    law.fit(np.array([[0], [1]]), np.array([3.0, 0.0]))
    mean, deviation = law.predict(silent.candidates())
    assert np.isfinite(mean).all()
    assert (deviation > 0).all()
    assert mean[0] > mean[1]
    assert np.exp(mean[0]) == pytest.approx(3.0, rel=0.5)
