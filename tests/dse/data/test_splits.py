"""Drawing splits: stratified, disjoint, seeded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.data.base import Split
from dse.data.splits import calibration_of, draw, hold_out, quotas, validation_size
from dse.errors import DataError


def numbered(y: np.ndarray) -> Split:
    """Images whose value is their index."""
    return Split(x=np.arange(len(y), dtype=np.float32).reshape(-1, 1, 1, 1), y=y)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any), st.data())
def test_quotas_share_everything_and_stay_within_one_of_proportion(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    shares = quotas(counts, total)
    assert shares.sum() == total
    assert np.all(shares <= counts)
    assert np.all(np.abs(shares - counts * total / counts.sum()) < 1)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_draw_partitions_the_indices(labels, data):
    y = np.array(labels)
    total = data.draw(st.integers(0, len(y)))
    drawn, rest = draw(y, total, np.random.default_rng(0))
    assert len(drawn) == total
    assert sorted([*drawn, *rest]) == list(range(len(y)))


def test_hold_out_is_reproducible_and_depends_on_the_seed():
    images = numbered(np.repeat(np.arange(5), 40))
    held, rest = hold_out(images, 50, 3, "x")
    again, _ = hold_out(images, 50, 3, "x")
    other, _ = hold_out(images, 50, 4, "x")
    np.testing.assert_array_equal(held.x, again.x)
    assert not np.array_equal(held.x, other.x)
    assert not set(held.x.flat) & set(rest.x.flat)
    np.testing.assert_array_equal(np.bincount(held.y), [10] * 5)


def test_calibration_is_drawn_from_training_images_only():
    train = numbered(np.repeat(np.arange(4), 600))
    calibration = calibration_of(train, 0)
    assert len(calibration) == 1000
    assert set(calibration.x.flat) <= set(train.x.flat)
    np.testing.assert_array_equal(np.bincount(calibration.y), [250] * 4)


def test_calibration_takes_every_image_of_a_small_set():
    train = numbered(np.zeros(12, np.int64))
    assert sorted(calibration_of(train, 0).x.flat) == list(range(12))


def test_the_first_calibration_images_are_a_fair_sample_of_sorted_files():
    train = numbered(np.repeat(np.arange(4), 250))
    first = np.bincount(calibration_of(train, 0).y[:200], minlength=4)
    np.testing.assert_allclose(first, 50, atol=20)


def test_validation_takes_a_tenth_up_to_5000():
    assert [validation_size(n) for n in (2, 9, 100, 50_000, 60_000)] == [1, 1, 10, 5000, 5000]


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_images_to_hold_any_out(n, refusal):
    with refusal(DataError, "too few"):
        hold_out(numbered(np.zeros(n, np.int64)), 1, 0, "tiny")
