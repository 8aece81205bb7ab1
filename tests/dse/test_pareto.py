import itertools
import math

import moocore
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dse import pareto
from dse.errors import DataError, DesignError, UserError
from dse.pareto import contributions, front, hypervolume


def brute_front(points):
    """The definition, word for word."""
    return np.array(
        [not any((q <= p).all() and (q < p).any() for q in points) for p in points],
        dtype=bool,
    )


def brute_volume(points, reference):
    """Count the cells of the grid that the coordinates span."""
    points = points[(points < reference).all(axis=1)]
    axes = [np.unique(np.append(points[:, k], reference[k])) for k in range(len(reference))]
    total = 0.0
    for cell in itertools.product(*(range(len(axis) - 1) for axis in axes)):
        low = np.array([axis[i] for axis, i in zip(axes, cell, strict=True)])
        high = np.array([axis[i + 1] for axis, i in zip(axes, cell, strict=True)])
        if (points <= low).all(axis=1).any():
            total += float(np.prod(high - low))
    return total


def tied_points(max_dimension):
    """Points on a coarse grid, so that ties and copies abound."""
    return st.integers(1, max_dimension).flatmap(
        lambda d: arrays(
            np.float64,
            st.tuples(st.integers(0, 24), st.just(d)),
            elements=st.integers(0, 6).map(float),
        )
    )


def shuffled_sphere(n, d, seed=0):
    """Points none of which dominates another, in [0, 1]."""
    directions = np.abs(np.random.default_rng(seed).standard_normal((n, d)))
    return 1 - directions / np.linalg.norm(directions, axis=1, keepdims=True)


class TestFront:
    def test_a_staircase_is_its_own_front(self):
        x = np.arange(100.0)
        points = np.stack([x, 99 - x], axis=1)
        above = points + np.array([0.5, 0.5])
        mask = front(np.concatenate([above, points]))
        assert mask.tolist() == [False] * 100 + [True] * 100

    def test_copies_of_a_front_point_are_all_kept(self):
        points = [[1, 2], [1, 2], [2, 1], [2, 2], [1, 3]]
        assert front(points).tolist() == [True, True, True, False, False]

    def test_all_equal_points_are_the_front(self):
        for d in (1, 2, 3, 4):
            assert front(np.full((50, d), 7.0)).all()

    def test_a_tie_in_one_objective_does_not_save_a_point(self):
        assert front([[0, 0, 1], [0, 0, 0], [0, 1, 0]]).tolist() == [False, True, False]

    @pytest.mark.parametrize("d", [1, 2, 3, 4])
    def test_empty_and_single(self, d):
        assert front(np.empty((0, d))).shape == (0,)
        assert front(np.zeros((1, d))).tolist() == [True]

    def test_infinities_are_ordinary_coordinates(self):
        inf = np.inf
        assert front([[inf, 0], [-inf, inf], [inf, inf]]).tolist() == [True, True, False]
        points = np.array([[inf, 0, 1], [-inf, inf, inf], [inf, inf, inf], [inf, 0, inf]])
        assert front(points).tolist() == [True, True, False, False]
        assert (front(np.hstack([points, points])) == front(points)).all()

    def test_integers_are_taken(self):
        assert front(np.array([[1, 5], [2, 5]], dtype=np.int64)).tolist() == [True, False]

    @pytest.mark.parametrize("points", [[[1, 2], [np.nan, 0]], [1.0, 2.0], np.zeros((3, 0))])
    def test_what_is_no_table_of_numbers_is_refused(self, points):
        with pytest.raises(DataError):
            front(points)

    def test_nan_is_named_by_its_row(self):
        with pytest.raises(UserError, match="point 1 "):
            front([[1, 2], [np.nan, 0]])

    @given(tied_points(5))
    def test_equals_the_definition(self, points):
        assert (front(points) == brute_front(points)).all()

    @given(tied_points(4))
    def test_equals_moocore(self, points):
        if len(points) and points.shape[1] > 1:
            assert (front(points) == moocore.is_nondominated(points, keep_weakly=True)).all()

    @pytest.mark.parametrize("d", [2, 3, 4])
    @pytest.mark.parametrize("decimals", [1, 8])
    def test_large_sets_equal_moocore(self, d, decimals):
        """Past the size at which a sample thins the points out first."""
        points = np.random.default_rng(d).random((12 * pareto.SAMPLE, d)).round(decimals)
        expected = moocore.is_nondominated(points, keep_weakly=True)
        assert (front(points) == expected).all()

    @pytest.mark.parametrize("d", [2, 3])
    def test_a_large_front_survives_whole(self, d):
        assert front(shuffled_sphere(12 * pareto.SAMPLE, d)).all()

    def test_many_points_at_one_z_take_no_quadratic_time(self):
        x = np.arange(200_000.0)
        points = np.stack([x, -x, np.zeros_like(x)], axis=1)
        assert front(points).all()


class TestHypervolume:
    @pytest.mark.parametrize("n", [1, 2, 10, 1000])
    def test_staircase_in_closed_form(self, n):
        """Points (i, n-1-i) below (n, n): columns of height 1, 2, …, n."""
        i = np.arange(float(n))
        points = np.stack([i, n - 1 - i], axis=1)
        assert hypervolume(points, [n, n]) == n * (n + 1) / 2

    @pytest.mark.parametrize("n", [1, 2, 10, 60])
    def test_corner_of_cubes_in_closed_form(self, n):
        """Points i + j + k = n - 1 below (n, n, n) dominate the cells with i + j + k ≥ n - 1."""
        cells = itertools.product(range(n), repeat=2)
        points = np.array([[i, j, n - 1 - i - j] for i, j in cells if i + j < n], dtype=float)
        assert hypervolume(points, [n] * 3) == n**3 - math.comb(n + 1, 3)

    @pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6])
    def test_one_point_is_a_box(self, d):
        assert hypervolume([[0.5] * d], [2.5] * d) == 2.0**d

    @pytest.mark.parametrize("d", [2, 3, 4, 5])
    def test_slabs_by_inclusion_and_exclusion(self, d):
        """d slabs of width ½ in the unit cube leave out (½)^d."""
        points = np.full((d, d), 0.0) + 0.5 * np.eye(d)
        assert hypervolume(points, [1.0] * d) == 1 - 0.5**d

    @pytest.mark.parametrize("d", [1, 2, 3, 4])
    def test_points_outside_add_nothing(self, d):
        inside, on_the_edge = [0.5] * d, [1.0] + [0.0] * (d - 1)
        points = [inside, on_the_edge, [np.inf] * d]
        assert hypervolume(points, [1.0] * d) == 0.5**d
        assert hypervolume(points[1:], [1.0] * d) == 0.0
        assert hypervolume(np.empty((0, d)), [1.0] * d) == 0.0

    @given(tied_points(4))
    def test_equals_counting_cells(self, points):
        reference = np.full(points.shape[1], 5.0)
        assert hypervolume(points, reference) == pytest.approx(
            brute_volume(points, reference), abs=1e-9
        )

    @pytest.mark.parametrize(("n", "d"), [(5000, 2), (5000, 3), (200, 4), (60, 5), (30, 6)])
    @pytest.mark.parametrize("decimals", [1, 8])
    def test_equals_moocore(self, n, d, decimals):
        points = np.concatenate([shuffled_sphere(n, d), np.random.default_rng(d).random((n, d))])
        points = points.round(decimals)
        expected = moocore.hypervolume(points, ref=[0.9] * d)
        assert hypervolume(points, [0.9] * d) == pytest.approx(expected, rel=1e-9)

    def test_long_staircases_at_one_z_take_no_quadratic_time(self):
        x = np.arange(200_000.0)
        points = np.stack([x, x[::-1], np.zeros_like(x)], axis=1)
        assert hypervolume(points, [2e5, 2e5, 2]) == 2 * (2e5 * 200_001 / 2)

    def test_nan_is_refused(self):
        with pytest.raises(DataError, match="NaN"):
            hypervolume([[0.0, np.nan]], [1, 1])

    def test_a_point_at_minus_infinity_is_refused(self):
        with pytest.raises(DataError, match="infinity"):
            hypervolume([[0.0, -np.inf]], [1, 1])

    @pytest.mark.parametrize("reference", [[1.0], [1.0, 1.0, 1.0], [1.0, np.nan], [1.0, np.inf]])
    def test_the_reference_is_d_finite_numbers(self, reference):
        with pytest.raises(DesignError, match="2 finite numbers"):
            hypervolume([[0.0, 0.0]], reference)


class TestContributions:
    def test_staircase_in_closed_form(self):
        points = [[0, 3], [1, 1], [3, 0], [2, 2], [5, 5]]
        assert contributions(points, [4, 4]).tolist() == [1.0, 4.0, 1.0, 0.0, 0.0]

    def test_copies_add_nothing(self):
        assert contributions([[0, 1], [0, 1], [1, 0]], [2, 2]).tolist() == [0.0, 0.0, 1.0]

    def test_no_points(self):
        assert contributions(np.empty((0, 3)), [1, 1, 1]).shape == (0,)
        assert contributions([[2, 2, 2]], [1, 1, 1]).tolist() == [0.0]

    @given(tied_points(4))
    def test_is_what_the_front_loses(self, points):
        reference = np.full(points.shape[1], 5.0)
        whole, on_front = hypervolume(points, reference), front(points)
        lost = np.zeros(len(points))
        for row in np.flatnonzero(on_front):
            others = on_front & (np.arange(len(points)) != row)
            lost[row] = whole - hypervolume(points[others], reference)
        assert contributions(points, reference) == pytest.approx(lost, abs=1e-9)

    @pytest.mark.parametrize(("n", "d"), [(3000, 2), (200, 3), (40, 4)])
    def test_equals_moocore(self, n, d):
        points = shuffled_sphere(n, d)
        expected = moocore.hv_contributions(points, ref=[1.1] * d)
        assert contributions(points, [1.1] * d) == pytest.approx(expected, abs=1e-12)
