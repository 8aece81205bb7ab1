"""Matrix units: the split, the fit, and one unit against synthesis."""

from dataclasses import replace

import pytest

from hw_models.calibration.calibrate import lane_samples
from hw_models.calibration.judge import errors_of
from hw_models.calibration.units import (
    CHECK_PAIRS,
    CHECK_SHAPES,
    FIT_PAIRS,
    FIT_SHAPES,
    check_counts,
    fit_control,
    predict_units,
    units_of,
)
from hw_models.cost.measured import load_rows
from hw_models.cost.mvau import control_bits
from hw_models.folding import check_folding
from hw_models.resources import Resources


@pytest.fixture(scope="module")
def planned():
    """Units as the model sees them, in place of what was measured."""
    return [
        replace(unit, measured=unit.estimated)
        for unit in units_of("ecp5", CHECK_PAIRS, CHECK_SHAPES)
    ]


def test_no_pair_and_no_shape_is_fitted_and_checked(planned):
    assert not {frozenset(p) for p in FIT_PAIRS} & {frozenset(p) for p in CHECK_PAIRS}
    assert not set(FIT_SHAPES) & set(CHECK_SHAPES)
    for unit in planned:
        check_folding(unit.node, unit.folding)
    assert max(unit.folding.lanes for unit in planned) == 64


def test_the_fit_finds_the_line_that_made_the_data(planned):
    made = []
    for unit in planned:
        lut = unit.estimated.lut - unit.control_lut
        lut += 2 * control_bits(unit.node, unit.folding) + 7
        made.append(replace(unit, measured=replace(unit.measured, lut=lut)))
    assert fit_control(made) == pytest.approx((2, 7))


def test_counts_are_compared_one_by_one(planned):
    first = planned[0]
    more = Resources(lut=first.measured.lut, ff=2 * first.measured.ff, bram18=99)
    found = check_counts([replace(first, measured=more), *planned[1:]])
    assert (found.ff_differs, found.bram_differs, found.dsp_differs) == (1, 1, 0)
    assert found.ff_max_pct == pytest.approx(50)


def test_predictions_have_not_seen_the_formats(planned):
    found = list(predict_units(planned, lane_samples(load_rows("ecp5"), "ecp5"), "ecp5"))
    assert len(found) == len(planned)
    # measured is the estimate from the tables, so what differs is the formula for the products
    assert errors_of(found).mape_pct < 5
    assert errors_of(found).mape_pct < errors_of(found, naive=True).mape_pct
