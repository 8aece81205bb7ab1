"""What random contents share, against contents drawn at random."""

import numpy as np
import pytest

from hw_models.cost.contents import distinct_columns, distinct_functions


def drawn(depth, width, trials=400):
    """Mean number of columns that are no constants nor copies; of those with no constant half."""
    rng = np.random.default_rng(0)
    half = 1 << ((depth - 1).bit_length() - 1)
    columns, whole = [], []
    for _ in range(trials):
        found = {tuple(column) for column in rng.integers(0, 2, (width, depth)).tolist()}
        columns.append(sum(len(set(c)) > 1 for c in found))
        whole.append(sum(len(set(c[:half])) > 1 and len(set(c[half:])) > 1 for c in found))
    return np.mean(columns), np.mean(whole)


@pytest.mark.parametrize(("depth", "width"), [(2, 9), (5, 40), (6, 128), (8, 140), (12, 64)])
def test_as_many_columns_are_left_as_of_random_ones(depth, width):
    columns, whole = drawn(depth, width)
    assert distinct_columns(depth, width) == pytest.approx(columns, abs=1)
    functions, all_but_top = distinct_functions(depth, width)
    assert functions == pytest.approx(whole, abs=1)
    assert functions + all_but_top <= distinct_columns(depth, width)


def test_of_many_words_every_column_is_another():
    for depth in (24, 47, 48, 1000):
        assert distinct_columns(depth, 512) == 512
        assert sum(distinct_functions(depth, 512)) == 512


def test_more_columns_never_take_less():
    for depth in (2, 3, 5, 8, 16, 33):
        counts = [distinct_columns(depth, width) for width in range(1, 300)]
        assert counts == sorted(counts)
        assert counts[0] <= 1
        assert counts[-1] <= 2**depth - 2
