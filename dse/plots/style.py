"""What all figures share: styles, type, colours, markers and the words on axes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.errors import UnknownPluginError
from dse.registry import nearest
from dse.selection import FAMILY_NAMES, Family

_FOLDER = Path(__file__).parent
DEFAULT_STYLE = "bitfront"
_BASE_POINTS = 8.0
"""Size of the default style's type [pt]; sizes in the code of plots are meant beside it."""
_LINE_POINTS = 11.0
LEAST_TYPE_POINTS = 6.0
LABEL_POINTS = 6.5
"""Size of the type beside points in the default style [pt]; see `type_size`."""

_style: ContextVar[str] = ContextVar("style", default=DEFAULT_STYLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyStyle:
    """How points of one family of formats look.

    Colours are apart in lightness, for greyscale, and with any colour vision; markers differ.
    """

    name: str
    colour: str
    marker: str


PALETTE = ("#222222", "#08467A", "#D55E00", "#63CBA6", "#F8E08E")
"""From dark to light; any two are apart in lightness and with any colour vision."""
DASHES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)))
"""Of lines, in the order of the palette."""
MARKERS = ("o", "^", "D", "s", "v", "P")
FAMILY_STYLES: dict[Family, FamilyStyle] = {
    "integer": FamilyStyle(name=FAMILY_NAMES["integer"], colour=PALETTE[1], marker="o"),
    "minifloat": FamilyStyle(name=FAMILY_NAMES["minifloat"], colour=PALETTE[2], marker="^"),
    "mixed": FamilyStyle(name=FAMILY_NAMES["mixed"], colour=PALETTE[3], marker="D"),
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
    "fps": "images a second",
    "test_top1_pct": "test top-1 accuracy [%]",
    "val_top1_pct": "validation top-1 accuracy [%]",
}


def style_names() -> list[str]:
    """Return the styles that figures can have."""
    return sorted(path.stem for path in _FOLDER.glob("*.mplstyle"))


@contextmanager
def use_style(name: str) -> Iterator[None]:
    """Let figures that are drawn and saved in this context have a style.

    Raises:
        UnknownPluginError: No style has this name.
    """
    if name not in (known := style_names()):
        raise UnknownPluginError(
            f"no style called '{name}'{nearest(name, known)}; known: {', '.join(known)}"
        )
    token = _style.set(name)
    try:
        yield
    finally:
        _style.reset(token)


def styled() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws and saves in the style that is used."""
    names = dict.fromkeys((DEFAULT_STYLE, _style.get()))
    return matplotlib.style.context([_FOLDER / f"{name}.mplstyle" for name in names])


def length(points: float) -> float:
    """Return a length of the default style [pt] in the style that is used; needs `styled`."""
    return points * float(matplotlib.rcParams["font.size"]) / _BASE_POINTS


def area(square_points: float) -> float:
    """Return an area of the default style [pt²], as markers have it; needs `styled`."""
    return square_points * (length(1.0) ** 2)


def type_size(points: float = LABEL_POINTS) -> float:
    """Return a size of type of the default style [pt] in the style that is used; needs `styled`.

    It is never below `LEAST_TYPE_POINTS`.
    """
    return max(LEAST_TYPE_POINTS, length(points))


def new_axes(*, lines: float = 0.0, least_aspect: float = 0.0) -> Axes:
    """Return empty axes on a figure of their own, unknown to pyplot; needs `styled`.

    Args:
        lines: Lines of type that stand below each other, which decide the height; 0: the style
            does.
        least_aspect: Height over width, at least.
    """
    width, height = matplotlib.rcParams["figure.figsize"]
    if lines:
        height = lines * length(_LINE_POINTS) / 72
    height = max(height, least_aspect * width)
    axes = Figure(figsize=(width, height)).subplots()
    assert isinstance(axes, Axes)
    return axes


def axis_label(column: str) -> str:
    """Return what `column` is called on an axis, with its unit."""
    return _AXIS_LABELS.get(column, column.replace("_", " "))


def say(axes: Axes, text: str) -> Axes:
    """Write why there is nothing to see in the middle of `axes`, and return them."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center")
    return axes
