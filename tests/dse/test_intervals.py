import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from dse.errors import DataError
from dse.intervals import (
    accuracy_bound_pct,
    compare_paired,
    mcnemar_p,
    mean_difference,
    paired_interval,
    wilson,
)

Z = stats.norm.ppf(0.975)


def numeric_score(difference, only_first, only_second, n):
    """Tango's z with the likeliest nuisance found by maximising the trinomial likelihood."""

    def unlikeliness(q):
        p = q + difference
        rest = 1 - p - q
        cells = ((only_first, p), (only_second, q), (n - only_first - only_second, rest))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in cells if count)

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    q = optimize.minimize_scalar(
        unlikeliness, bounds=bounds, method="bounded", options={"xatol": 1e-12}
    ).x
    variance = n * (2 * q + difference - difference**2)
    return (only_first - only_second - n * difference) / math.sqrt(variance)


tables = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 2000)).map(
    lambda table: (table[0], table[1], table[0] + table[1] + table[2])
)


class TestWilson:
    @pytest.mark.parametrize(
        ("n_correct", "n"), [(0, 10), (10, 10), (81, 263), (1, 1), (9112, 10_000)]
    )
    def test_equals_scipy(self, n_correct, n):
        expected = stats.binomtest(n_correct, n).proportion_ci(method="wilson")
        found = wilson(n_correct, n)
        assert found.low_pct == pytest.approx(100 * expected.low, abs=1e-9)
        assert found.high_pct == pytest.approx(100 * expected.high, abs=1e-9)

    def test_published_example(self):
        """81 of 263: Newcombe, Statistics in Medicine 17 (1998) 857-872, table I."""
        found = wilson(81, 263)
        assert (round(found.low_pct, 2), round(found.high_pct, 2)) == (25.53, 36.62)


class TestPairedInterval:
    def test_published_example(self):
        """1 against 7 of 21: Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014)."""
        found = paired_interval(1, 7, 21)
        assert (round(found.low_pct, 1), round(found.high_pct, 1)) == (-51.7, -2.6)

    def test_no_disagreement_in_closed_form(self):
        found = paired_interval(0, 0, 540)
        assert found.high_pct == pytest.approx(100 * Z**2 / (540 + Z**2))
        assert found.low_pct == pytest.approx(-found.high_pct)

    def test_one_is_always_right_alone(self):
        assert paired_interval(10, 0, 10).high_pct == pytest.approx(100)
        assert paired_interval(0, 10, 10).low_pct == pytest.approx(-100)

    @given(tables)
    def test_its_ends_are_what_the_score_test_just_rejects(self, table):
        found = paired_interval(*table)
        assert numeric_score(found.low_pct / 100, *table) == pytest.approx(Z, abs=1e-3)
        assert numeric_score(found.high_pct / 100, *table) == pytest.approx(-Z, abs=1e-3)

    @given(tables)
    def test_zero_lies_outside_exactly_when_mcnemar_rejects(self, table):
        only_first, only_second, _ = table
        found = paired_interval(*table)
        disagreements = only_first + only_second
        statistic = (only_first - only_second) ** 2 / disagreements if disagreements else 0.0
        if abs(statistic - Z**2) > 1e-6:
            assert (found.low_pct > 0 or found.high_pct < 0) == (statistic > Z**2)

    @given(tables)
    def test_swapping_mirrors(self, table):
        only_first, only_second, n = table
        one, other = paired_interval(*table), paired_interval(only_second, only_first, n)
        assert one.low_pct == pytest.approx(-other.high_pct, abs=1e-9)
        assert one.high_pct == pytest.approx(-other.low_pct, abs=1e-9)

    @pytest.mark.parametrize(("p", "q"), [(0.05, 0.05), (0.15, 0.05), (0.10, 0.01)])
    def test_covers_the_truth_about_95_times_in_100(self, p, q):
        """Exactly: over every table of 60 images."""
        n, covered = 60, 0.0
        for only_first in range(n + 1):
            for only_second in range(n + 1 - only_first):
                counts = [only_first, only_second, n - only_first - only_second]
                weight = stats.multinomial.pmf(counts, n, [p, q, 1 - p - q])
                if weight > 1e-7:
                    found = paired_interval(only_first, only_second, n)
                    covered += weight * (found.low_pct <= 100 * (p - q) <= found.high_pct)
        assert 0.93 < covered < 0.99


class TestMcNemar:
    @pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 7), (7, 1), (5, 5), (40, 20), (900, 1000)])
    def test_equals_the_binomial_test(self, b, c):
        expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
        assert mcnemar_p(b, c) == pytest.approx(expected, rel=1e-9)

    def test_does_not_overflow(self):
        assert 0 <= mcnemar_p(20_000, 10_000) < 1e-300


class TestComparePaired:
    def test_counts_what_only_one_gets_right(self):
        first = np.array([1, 1, 1, 0, 0, 1, 1, 0, 1, 1], dtype=bool)
        second = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 1], dtype=bool)
        found = compare_paired(np.packbits(first).tobytes(), np.packbits(second).tobytes(), 10)
        assert (found.n, found.only_first, found.only_second) == (10, 3, 1)
        assert found.difference_pct == pytest.approx(20.0)
        assert found.p_value == pytest.approx(0.625)
        assert found.sign == 0

    def test_sign(self):
        right, wrong = b"\xff" * 10, b"\x00" * 10
        assert compare_paired(right, wrong, 80).sign == 1
        assert compare_paired(wrong, right, 80).sign == -1
        assert compare_paired(right, right, 80).sign == 0

    def test_a_bitmap_of_another_test_set_is_refused(self):
        with pytest.raises(DataError, match="2 bytes does not hold 80 images"):
            compare_paired(b"\xff" * 10, b"\xff" * 2, 80)


def test_a_mean_difference_is_the_mean_of_differences_with_the_spread_over_images():
    rng = np.random.default_rng(0)
    right = rng.random((4, 500)) < np.array([0.8, 0.7, 0.6, 0.65])[:, None]
    a, b, c, d = (np.packbits(row).tobytes() for row in right)
    found = mean_difference([(a, b), (c, d)], 500)
    of_image = 50.0 * (right[0].astype(int) - right[1] + right[2] - right[3])
    assert found.mean_pct == pytest.approx(of_image.mean())
    reach = 1.959964 * of_image.std(ddof=1) / np.sqrt(500)
    assert found.interval.low_pct == pytest.approx(of_image.mean() - reach)
    assert found.interval.high_pct == pytest.approx(of_image.mean() + reach)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_accuracy_stays_below_its_bound_as_often_as_promised(share):
    rng = np.random.default_rng(1)
    total, looks, confidence = 2000, 10, 0.9
    right = np.arange(total) < share * total
    misses = 0
    for _ in range(400):
        correct = np.cumsum(rng.permutation(right))
        bounds = [
            accuracy_bound_pct(int(correct[n - 1]), n, total, looks, confidence)
            for n in range(200, total + 1, 200)
        ]
        misses += min(bounds) < 100 * share
    assert misses / 400 < 1 - confidence


def test_the_bound_is_certain_at_the_end_and_never_looser_than_what_is_left():
    assert accuracy_bound_pct(700, 1000, 1000, 2, 0.999) == 70.0
    assert accuracy_bound_pct(9, 10, 1000, 2, 0.999) == 99.9
    wide, narrow = (accuracy_bound_pct(n // 2, n, 10_000, 20, 0.999) for n in (500, 5000))
    assert 50 < narrow < wide < 100
    reach = math.sqrt(math.log(20 / 0.001) * (1 - 4999 / 10_000) / 10_000)
    assert narrow == pytest.approx(50 + 100 * reach)
