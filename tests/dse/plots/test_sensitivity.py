import math

import numpy as np
import pandas as pd
import pytest

from dse.errors import DataError
from dse.plots.sensitivity import sensitivity

ROWS = pd.DataFrame(
    [
        ("conv", "int4", 20.0, math.inf),
        ("conv", "e2m1", 18.0, math.inf),
        ("fc", "int4", 22.0, 15.0),
        ("fc", "e2m1", 19.0, 16.4),
    ],
    columns=["layer", "format", "weight_sqnr_db", "act_sqnr_db"],
)


def test_maps_show_layers_over_formats_and_leave_out_what_loses_nothing():
    axes = sensitivity(ROWS)
    weights, inputs = axes.child_axes
    np.testing.assert_array_equal(weights.collections[0].get_array(), [[20, 18], [22, 19]])
    assert [text.get_text() for text in inputs.texts] == ["15", "16"]
    assert [label.get_text() for label in inputs.get_xticklabels()] == ["int4", "e2m1"]
    assert [label.get_text() for label in weights.get_yticklabels()] == ["conv", "fc"]
    assert "dB" in axes.figure.axes[1].get_ylabel()


def test_values_that_would_not_fit_their_cells_are_left_to_the_colours():
    formats = [f"e{e}m{m}" for e in range(2, 6) for m in range(20)]
    many = pd.DataFrame(
        [("fc", name, 20.0, 10.0) for name in formats], columns=ROWS.columns.tolist()
    )
    assert not [text for panel in sensitivity(many).child_axes for text in panel.texts]


def test_no_rows_are_said():
    assert [text.get_text() for text in sensitivity(ROWS[:0]).texts] == ["no SQNR to show"]


def test_a_table_of_something_else_is_refused(evaluations):
    with pytest.raises(DataError, match="the table has no layer"):
        sensitivity(evaluations)
