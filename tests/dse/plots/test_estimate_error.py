import numpy as np

from dse.plots.estimate_error import estimate_error
from hw_models.calibration.judge import Prediction


def prediction(weight, act, measured, formula, naive):
    return Prediction(
        cell="mac", weight=weight, act=act, lanes=1, measured=measured, formula=formula, naive=naive
    )


def test_points_are_relative_errors_by_family():
    axes = estimate_error(
        [
            prediction("int8", "uint8", 100, 110.0, 150.0),
            prediction("e4m3", "e4m3", 200, 190.0, 100.0),
            prediction("int4", "e2m1", 50, 50.0, 60.0),
        ],
        "ecp5",
    )
    drawn = {c.get_label(): np.asarray(c.get_offsets()) for c in axes.collections if c.get_label()}
    naive = [[100, 50], [200, -50], [50, 20]]
    np.testing.assert_allclose(drawn["naive, widths alone"], naive, atol=1e-9)
    np.testing.assert_allclose(drawn["integer"], [[100, 10]], atol=1e-9)
    np.testing.assert_allclose(drawn["minifloat"], [[200, -5]], atol=1e-9)
    np.testing.assert_allclose(drawn["integer with minifloat"], [[50, 0]], atol=1e-9)
    assert "ecp5" in axes.get_xlabel()
    assert "%" in axes.get_ylabel()
