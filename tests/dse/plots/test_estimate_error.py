from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from dse.errors import DataError
from dse.plots.estimate_error import estimate_error
from hw_models.calibration.judge import Prediction


def prediction(weight, act, measured, formula, naive):
    return Prediction(
        cell="mac", weight=weight, act=act, lanes=1, measured=measured, formula=formula, naive=naive
    )


PREDICTIONS = pd.DataFrame(
    [
        asdict(prediction("int8", "uint8", 100, 110.0, 150.0)),
        asdict(prediction("e4m3", "e4m3", 200, 190.0, 100.0)),
        asdict(prediction("int4", "e2m1", 50, 50.0, 60.0)),
    ]
)


def test_points_are_relative_errors_by_family():
    axes = estimate_error(PREDICTIONS, "ecp5")
    drawn = {c.get_label(): np.asarray(c.get_offsets()) for c in axes.collections if c.get_label()}
    naive = [[100, 50], [200, -50], [50, 20]]
    np.testing.assert_allclose(drawn["naive, widths alone"], naive, atol=1e-9)
    np.testing.assert_allclose(drawn["integer"], [[100, 10]], atol=1e-9)
    np.testing.assert_allclose(drawn["minifloat"], [[200, -5]], atol=1e-9)
    np.testing.assert_allclose(drawn["integer with minifloat"], [[50, 0]], atol=1e-9)
    assert "ecp5" in axes.get_xlabel()
    assert "%" in axes.get_ylabel()


def test_a_file_of_estimates_is_drawn_as_the_table(tmp_path):
    PREDICTIONS.to_csv(tmp_path / "ecp5.csv", index=False)
    axes, other = estimate_error(tmp_path / "ecp5.csv"), estimate_error(PREDICTIONS)
    for one, two in zip(axes.collections, other.collections, strict=True):
        np.testing.assert_array_equal(one.get_offsets(), two.get_offsets())


def test_no_estimates_are_said():
    assert "no estimates" in [text.get_text() for text in estimate_error(PREDICTIONS[:0]).texts]


def test_a_table_of_something_else_is_refused(evaluations):
    with pytest.raises(DataError, match="the table has no weight"):
        estimate_error(evaluations)
