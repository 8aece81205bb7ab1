import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.font_manager import findfont
from PIL import Image

from dse.errors import UnknownPluginError
from dse.plots import pareto, save_figure, style_names, use_style
from dse.plots.style import (
    DASHES,
    FAMILY_STYLES,
    MARKERS,
    PALETTE,
    length,
    new_axes,
    styled,
    type_size,
)

WIDTHS_IN = {"acm": 3.33, "bitfront": 7.16, "ieee": 3.5, "ieee2": 7.16, "slides": 12.0}
LEAST_LIGHTNESS, LEAST_DISTANCE = 10.0, 20.0

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15 (2009), severity 1.0, in linear sRGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ.sum(axis=1)


def lab(colour, vision="normal"):
    """Return CIE L*a*b* of ``#RRGGBB`` as someone with this vision sees it."""
    coded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    x, y, z = TO_XYZ @ np.clip(VISIONS[vision] @ linear, 0, 1) / WHITE
    fx, fy, fz = (np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


class TestPalette:
    def test_white_is_white_and_red_is_red(self):
        assert lab("#FFFFFF") == pytest.approx([100, 0, 0], abs=0.01)
        assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.2], abs=0.05)

    @pytest.mark.parametrize("pair", list(combinations(PALETTE, 2)))
    def test_colours_are_apart_in_greyscale(self, pair):
        one, other = map(lab, pair)
        assert abs(one[0] - other[0]) >= LEAST_LIGHTNESS

    @pytest.mark.parametrize("vision", VISIONS)
    @pytest.mark.parametrize("pair", list(combinations(PALETTE, 2)))
    def test_colours_are_apart_with_any_colour_vision(self, pair, vision):
        one, other = (lab(colour, vision) for colour in pair)
        assert np.linalg.norm(one - other) >= LEAST_DISTANCE

    def test_families_are_of_the_palette_and_the_darkest_is_ink(self):
        looks = FAMILY_STYLES.values()
        assert {look.colour for look in looks} <= set(PALETTE)
        assert len({look.marker for look in looks}) == len(FAMILY_STYLES)

    def test_what_colour_does_not_tell_markers_and_dashes_do(self):
        assert len(set(DASHES)) == len(set(PALETTE)) == len(PALETTE)
        assert len(set(MARKERS)) >= len(PALETTE)


@pytest.mark.parametrize("style", WIDTHS_IN)
class TestStyles:
    def test_files_have_exactly_the_width(self, style, tmp_path):
        with use_style(style), styled():
            axes = new_axes()
            axes.set_ylabel("a label that leaves the axes")
            width, height = axes.figure.get_size_inches()
            dpi = 100 if style == "slides" else axes.figure.dpi
            png, svg, pdf = save_figure(axes, tmp_path / "figure")
        assert width == WIDTHS_IN[style]
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf.read_bytes())
        assert [float(side) for side in box.groups()] == pytest.approx(
            [72 * width, 72 * height], abs=0.01
        )
        assert f'width="{72 * width:g}pt"' in svg.read_text()
        with Image.open(png) as image:
            assert image.width / image.height == pytest.approx(width / height, rel=0.01)
            assert image.width >= dpi * width - 1

    def test_no_type_is_below_six_points(self, style):
        import matplotlib as mpl

        with use_style(style), styled():
            names = [name for name in mpl.rcParams if name.endswith(("labelsize", "fontsize"))]
            sizes = [mpl.rcParams[name] for name in (*names, "font.size", "axes.titlesize")]
            numbers = [size for size in sizes if isinstance(size, (int, float))]
            assert min(numbers) >= 6
            assert type_size() >= 6
            assert length(8.0) == mpl.rcParams["font.size"]

    def test_fonts_come_with_matplotlib_and_are_embedded_whole(self, style):
        import matplotlib as mpl

        with use_style(style), styled():
            family = mpl.rcParams["font.family"][0]
            (name,) = mpl.rcParams[f"font.{family}"]
            assert "mpl-data" in findfont(name, fallback_to_default=False)
            assert mpl.rcParams["pdf.fonttype"] == mpl.rcParams["ps.fonttype"] == 42
            assert not mpl.rcParams["text.usetex"]


def test_every_style_is_known():
    assert style_names() == sorted(WIDTHS_IN)


def test_a_style_holds_inside_its_context_only(evaluations):
    with use_style("ieee"):
        inside = pareto(evaluations)
    assert inside.figure.get_size_inches()[0] == 3.5
    assert pareto(evaluations).figure.get_size_inches()[0] == 7.16


def test_an_unknown_style_is_refused_with_the_nearest():
    with pytest.raises(UnknownPluginError, match="mean 'ieee'"), use_style("iee"):
        pass
