"""Axes of costs: whatever the range, ticks have room for their numbers."""

from itertools import pairwise

import numpy as np
import pytest

from dse.plots import use_style
from dse.plots.scales import set_cost_scale
from dse.plots.style import new_axes


@pytest.mark.parametrize("style", ["bitfront", "acm", "ieee2", "slides"])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (5700, 9350),
        (950, 1500),
        (960, 1040),
        (100, 199),
        (210, 830),
        (900, 5200),
        (9.7, 10.4),
        (64, 64),
        (4500, 99e3),
        (1, 3e6),
    ],
)
def test_numbers_on_the_axis_keep_apart(style, low, high):
    with use_style(style):
        axes = new_axes()
        set_cost_scale(axes, np.array([low, high]))
        axes.figure.draw_without_rendering()
        start, end = axes.get_xlim()
        ticks = axes.xaxis.get_major_ticks()
        seen = [tick.label1 for tick in ticks if start <= tick.get_loc() <= end]
        boxes = [label.get_window_extent() for label in seen]
    assert len(boxes) >= 2
    assert len({label.get_text() for label in seen}) == len(seen)
    gap = boxes[0].height / 4
    assert all(b.x0 - a.x1 > gap for a, b in pairwise(boxes))
