import math

import numpy as np

from dse.plots.sensitivity import sensitivity
from dse.quant.sensitivity import LayerSqnr


def test_maps_show_layers_over_formats_and_leave_out_what_loses_nothing():
    rows = [
        LayerSqnr(layer=layer, format=name, weight_sqnr_db=w, act_sqnr_db=a)
        for layer, name, w, a in [
            ("conv", "int4", 20.0, math.inf),
            ("conv", "e2m1", 18.0, math.inf),
            ("fc", "int4", 22.0, 15.0),
            ("fc", "e2m1", 19.0, 16.4),
        ]
    ]
    axes = sensitivity(rows)
    weights, inputs = axes.figure.axes[:2]
    assert axes is weights
    np.testing.assert_array_equal(weights.images[0].get_array(), [[20, 18], [22, 19]])
    assert [text.get_text() for text in inputs.texts] == ["15", "16"]
    assert [label.get_text() for label in inputs.get_xticklabels()] == ["int4", "e2m1"]
    assert [label.get_text() for label in weights.get_yticklabels()] == ["conv", "fc"]
    assert "dB" in axes.figure.axes[2].get_ylabel()
