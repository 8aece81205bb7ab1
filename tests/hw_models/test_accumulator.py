from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError, UnmodelledError
from dse.formats import default_sweep, parse_format
from hw_models.accumulator import (
    accumulator_bits,
    accumulator_bits_table,
    paper_accumulator_bits,
    sum_bits,
)

SWEEP = (*default_sweep(), parse_format("uint8"), parse_format("ue4m4"), parse_format("e5m2ieee"))


def integers(fmt):
    """Every value as an exact integer in units of the lsb."""
    values = [Fraction(float(value)) / Fraction(fmt.lsb) for value in fmt.grid()]
    assert all(value.denominator == 1 for value in values)
    return [value.numerator for value in values]


@pytest.mark.parametrize("terms", [1, 9, 64, 4608])
def test_every_worst_case_sum_fits_and_no_narrower_width_would_do(terms):
    grids = {fmt: integers(fmt) for fmt in SWEEP}
    for weight, act in product(SWEEP, repeat=2):
        weights, acts = grids[weight], grids[act]
        if weight != weight.narrow():
            weights = [w for w in weights if -w in weights]
        extremes = [w * a for w in (min(weights), max(weights)) for a in (min(acts), max(acts))]
        low, high = terms * min(0, *extremes), terms * max(extremes)
        bits = accumulator_bits(terms, weight, act)
        assert -(1 << (bits - 1)) <= low
        assert high < 1 << (bits - 1)
        assert max(high, -low) >= 1 << (bits - 2)


@given(st.integers(1, 10**6), st.integers(1, 2**70))
def test_sum_bits_holds_both_signs(terms, largest):
    bits = sum_bits(terms, largest)
    assert terms * largest <= (1 << (bits - 1)) - 1
    assert terms * largest > (1 << (bits - 2)) - 1


def test_table_equals_the_scalar_function_for_every_pair():
    terms = np.array([1, 2, 9, 63, 64, 65, 4608, 25088])
    table = accumulator_bits_table(terms, SWEEP, SWEEP)
    assert table.shape == (len(terms), len(SWEEP), len(SWEEP))
    for (i, n), (j, weight), (k, act) in product(
        enumerate(terms.tolist()), enumerate(SWEEP), enumerate(SWEEP)
    ):
        assert table[i, j, k] == accumulator_bits(n, weight, act)


def test_table_refuses_what_it_cannot_hold():
    wide = parse_format("int16")
    assert accumulator_bits_table(2**31, [wide], [wide])[0, 0] == 31 + 15 + 15 + 1
    with pytest.raises(DesignError, match="too long"):
        accumulator_bits_table(2**40, [wide], [parse_format("uint16")])


@pytest.mark.parametrize(
    ("name", "bits"),
    [("int8", 30), ("int4", 22), ("e2m1", 22), ("e3m4", 36), ("e4m3", 50), ("e5m2", 80)],
)
def test_paper_widths_for_resnet18(name, bits):
    """arXiv 2311.12359's closed forms at its longest dot product, 4608."""
    fmt = parse_format(name)
    assert paper_accumulator_bits(4608, fmt, fmt) == bits
    assert 0 <= bits - accumulator_bits(4608, fmt, fmt) <= 3


def test_paper_gives_no_width_for_mixed_pairs():
    with pytest.raises(UnmodelledError, match="int8 x e4m3"):
        paper_accumulator_bits(64, parse_format("int8"), parse_format("e4m3"))
