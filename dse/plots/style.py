"""What all figures share: type, colours, markers and the words on axes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.selection import Family

STYLE_FILE = Path(__file__).with_name("bitfront.mplstyle")
LABEL_POINTS = 6.5
"""Size of the type beside points [pt]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyStyle:
    """How points of one family of formats look.

    The colours are of Okabe and Ito's palette ("Color Universal Design", 2008), told apart with
    any colour vision; in greyscale markers and lightness still tell the families apart.
    """

    name: str
    colour: str
    marker: str


FAMILY_STYLES: dict[Family, FamilyStyle] = {
    "integer": FamilyStyle(name="integer", colour="#0072B2", marker="o"),
    "minifloat": FamilyStyle(name="minifloat", colour="#D55E00", marker="^"),
    "mixed": FamilyStyle(name="integer with minifloat", colour="#009E73", marker="D"),
}
GREY = "#C6C6C6"
INK = "#222222"
NOTE = "#666666"

_AXIS_LABELS = {
    "lut": "hardware cost [LUT]",
    "ff": "flip-flops",
    "dsp": "DSP blocks",
    "bram18": "block RAMs",
    "weight_kib": "weight memory [KiB]",
    "lut_per_mac": "cost of one multiply-accumulate [LUT]",
    "ii_cycles": "cycles from image to image",
    "test_top1_pct": "test top-1 accuracy [%]",
    "val_top1_pct": "validation top-1 accuracy [%]",
}


def styled() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws and saves in our style."""
    return matplotlib.style.context(STYLE_FILE)


def new_axes() -> Axes:
    """Return empty axes on a figure of their own, unknown to pyplot; needs `styled`."""
    axes = Figure().subplots()
    assert isinstance(axes, Axes)
    return axes


def axis_label(column: str) -> str:
    """Return what `column` is called on an axis, with its unit."""
    return _AXIS_LABELS.get(column, column.replace("_", " "))
