import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dse.errors import DataError
from dse.formats import parse_format
from dse.metrics import (
    DISTRIBUTIONS,
    GAUSSIAN,
    STUDENT_T8,
    UNIFORM,
    Distribution,
    best_sqnr_db,
    mse,
    sqnr_db,
    top1_pct,
)

N_QUANTILES = 400_000
PROBABILITIES = (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES

# Computed apart from this project on 400,000 quantiles: SQNR [dB] on uniform, Gaussian, t(8) data.
FIGURES = [
    ("int8n", 48.1, 40.6, 34.8),
    ("e2m5", 44.4, 42.7, 39.2),
    ("e3m4", 38.4, 37.6, 37.5),
    ("e4m3", 32.4, 31.6, 31.5),
    ("e5m2", 26.3, 25.6, 25.6),
    ("int6n", 36.0, 29.7, 25.5),
    ("e2m3", 32.3, 30.8, 28.6),
    ("e3m2", 26.3, 25.6, 25.6),
    ("e4m1", 20.9, 19.7, 19.7),
    ("int4n", 23.5, 18.9, 16.4),
    ("e2m1", 20.6, 19.0, 17.8),
    ("e3m0", 16.0, 14.2, 14.2),
    ("int3n", 16.9, 13.3, 11.6),
    ("e2m0", 15.6, 13.2, 12.1),
]
ON_UNIFORM = [(name, uniform) for name, uniform, _, _ in FIGURES]
ON_GAUSSIAN = [(name, gaussian) for name, _, gaussian, _ in FIGURES]
ON_STUDENT_T8 = [(name, t8) for name, _, _, t8 in FIGURES]


def sample(quantiles: NDArray[np.float64]) -> Distribution:
    """The distribution that is uniform over `quantiles`, ascending and symmetric about 0."""
    sums = np.concatenate([[0.0], np.cumsum(quantiles[::-1])])

    def excess(t: NDArray[np.float64]) -> NDArray[np.float64]:
        above = len(quantiles) - np.searchsorted(quantiles, t, side="right")
        return (sums[above] - t * above) / len(quantiles)

    return Distribution(name="sample", variance=float(np.mean(quantiles**2)), excess=excess)


@pytest.fixture(scope="module")
def sampled_t8() -> Distribution:
    return sample(stats.t.ppf(PROBABILITIES, 8))


@pytest.mark.parametrize(
    ("distribution", "law"),
    [(UNIFORM, stats.uniform(-1, 2)), (GAUSSIAN, stats.norm()), (STUDENT_T8, stats.t(8))],
    ids=lambda value: getattr(value, "name", ""),
)
def test_moments_are_those_of_the_law(
    distribution: Distribution, law: "stats.distributions.rv_frozen"
) -> None:
    assert distribution.variance == pytest.approx(law.var())
    for t in (0.0, 0.1, 0.9, 1.0, 2.5, 8.0):
        expected = law.expect(lambda x, t=t: max(x - t, 0.0), lb=t)
        found = float(distribution.excess(np.array([t]))[0])
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("name", "expected"), ON_GAUSSIAN)
def test_sqnr_on_gaussian_data(name: str, expected: float) -> None:
    assert best_sqnr_db(parse_format(name), GAUSSIAN) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("name", "expected"), ON_STUDENT_T8)
def test_sqnr_on_student_t_data(name: str, expected: float, sampled_t8: Distribution) -> None:
    fmt = parse_format(name)
    on_quantiles = best_sqnr_db(fmt, sampled_t8)
    assert on_quantiles == pytest.approx(expected, abs=0.1)
    # The quantiles end at 11.8; the tail beyond costs formats with few exponents up to 0.8 dB.
    assert on_quantiles - 0.8 < best_sqnr_db(fmt, STUDENT_T8) < on_quantiles + 0.01


@pytest.mark.parametrize(("name", "expected"), ON_UNIFORM)
def test_sqnr_on_uniform_data(name: str, expected: float) -> None:
    # The figures come from a coarser search, which misses the sharp optimum of some minifloats.
    assert expected - 0.1 < best_sqnr_db(parse_format(name), UNIFORM) < expected + 0.65


@pytest.mark.parametrize("bits", range(2, 11))
def test_integers_divide_the_uniform_range_evenly(bits: int) -> None:
    levels = 2**bits - 1
    found = best_sqnr_db(parse_format(f"int{bits}n"), UNIFORM)
    assert found == pytest.approx(20 * math.log10(levels), abs=0.05)
    assert found < 20 * math.log10(levels) + 1e-9


@pytest.mark.parametrize("name", ["int3", "int5n", "uint4", "e2m1", "e5m2", "e3m0", "ue2m3"])
def test_best_sqnr_is_that_of_quantizing_at_the_best_scale(name: str) -> None:
    fmt = parse_format(name)
    x = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    scales = np.exp2(np.arange(-1, 5, 1 / 64)) / np.abs(fmt.grid()).max()
    tried = max(sqnr_db(x, scale * fmt.quantize(x / scale)) for scale in scales)
    assert best_sqnr_db(fmt, sample(x)) == pytest.approx(tried, abs=0.02)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: d.name)
def test_one_exponent_bit_scores_as_the_narrow_integer(distribution: Distribution) -> None:
    minifloat, integer = (parse_format(name) for name in ("e1m4", "int6n"))
    assert best_sqnr_db(minifloat, distribution) == best_sqnr_db(integer, distribution)


def test_mse_and_sqnr() -> None:
    assert mse([1.0, 2.0], [1.0, 4.0]) == 2.0
    assert sqnr_db([3.0, 4.0], [3.0, 4.5]) == pytest.approx(20.0)
    assert sqnr_db([1.0], [1.0]) == math.inf
    assert sqnr_db([0.0], [1.0]) == -math.inf
    ones = np.ones(3, np.float32)
    assert mse(1e4 * ones, 1e4 * ones + np.float32(1e-2)) == pytest.approx(1e-4, rel=0.05)
    with pytest.raises(DataError, match=r"shapes \(2,\) and \(1,\)"):
        mse([1.0, 2.0], [1.0])
    with pytest.raises(DataError):
        sqnr_db([], [])


def test_top1() -> None:
    scores = np.array([[1, 2], [3, 0], [5, 5], [0, 1]])
    assert top1_pct(scores, [1, 0, 0, 0]) == 75.0
    for bad_scores, bad_labels in ((scores, [1, 0]), (scores[0], [1, 0]), (scores[:0], [])):
        with pytest.raises(DataError, match="do not fit"):
            top1_pct(bad_scores, bad_labels)
    with pytest.raises(DataError, match="NaN"):
        top1_pct([[0.0, math.nan]], [1])
