"""The expected growth of the hypervolume, against the hypervolume itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dse.pareto import hypervolume
from dse.search.samplers._improvement import Staircase

REFERENCE = (20.0, 10.0)  # error, cost
number = st.floats(0.5, 25.0, allow_nan=False)


@given(st.lists(st.tuples(number, number), max_size=8), number, number)
def test_growth_is_the_difference_of_hypervolumes(
    seen: list[tuple[float, float]], cost: float, error: float
) -> None:
    stairs = Staircase(REFERENCE[0], REFERENCE[1])
    for known_cost, known_error in seen:
        stairs.add(known_cost, known_error)
    points = np.array([(e, c) for c, e in seen]).reshape(-1, 2)
    before = hypervolume(points, REFERENCE)
    after = hypervolume(np.vstack([points, (error, cost)]), REFERENCE)
    (grown,) = stairs.growth(np.array([cost]), np.array([error]))
    assert np.isclose(grown, after - before, rtol=1e-9, atol=1e-9)


def test_expected_growth_is_the_mean_over_errors() -> None:
    stairs = Staircase(REFERENCE[0], REFERENCE[1])
    for cost, error in ((3.0, 12.0), (6.0, 7.0)):
        stairs.add(cost, error)
    costs = np.array([2.0, 4.0, 8.0, 11.0])
    mean, deviation = np.log([11.0, 9.0, 6.0, 5.0]), np.array([0.4, 0.2, 0.3, 0.5])
    found = stairs.expected_growth(costs, mean, deviation, 0.5)
    draws = np.random.default_rng(0).standard_normal((200_000, 1))
    errors = np.exp(mean + deviation * draws) - 0.5
    for column, cost in enumerate(costs):
        each = stairs.growth(np.full(len(errors), cost), errors[:, column])
        assert np.isclose(found[column], each.mean(), rtol=0.02, atol=1e-12)
