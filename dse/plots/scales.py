"""Axes for costs, and notes at their corners."""

import math
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter
from numpy import float64
from numpy.typing import NDArray

from dse.plots.style import NOTE, length, type_size

_SHARE_BESIDE = 0.04
_LEAST_RATIO = 1.1
_WIDE = 5.0
"""Small panels are logarithmic beyond this ratio."""
_NARROW_EM = 40
"""Figures less wide than this have ticks further apart [em]."""


def set_cost_scale(axes: Axes, values: NDArray[float64]) -> None:
    """Fix the horizontal limits around `values`: logarithmic where all are above 0.

    Args:
        axes: Axes to set.
        values: `(n,)`, n at least 1.
    """
    low, high = float(values.min()), float(values.max())
    if low <= 0:
        room = _SHARE_BESIDE * (high - low) or 1.0
        axes.set_xlim(low - room, high + room)
        return
    ratio = max(high / low, _LEAST_RATIO)
    room = ratio if low == high else ratio**_SHARE_BESIDE
    set_log_scale(axes, "x", low / room, high * room)


def set_log_scale(axes: Axes, direction: Literal["x", "y"], low: float, high: float) -> None:
    """Make an axis logarithmic and fix its limits. Ticks are plain numbers, as many as fit.

    Args:
        axes: Axes to set.
        direction: Which axis.
        low: Lower limit, above 0.
        high: Upper limit, above `low`.
    """
    axis = axes.xaxis if direction == "x" else axes.yaxis
    axes.set(**{f"{direction}scale": "log", f"{direction}lim": (low, high)})
    axis.set_major_locator(_locator(high / low, direction == "x" and _is_narrow(axes)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_formatter(NullFormatter())


def set_plain_scale(axes: Axes, direction: Literal["x", "y"], values: NDArray[float64]) -> None:
    """Give a small panel's axis few ticks with short names: logarithmic over a wide range.

    Args:
        axes: Axes to set.
        direction: Which axis.
        values: `(n,)`, n at least 1, that it is to hold.
    """
    low, high = float(values.min()), float(values.max())
    if low > 0 and high > _WIDE * low:
        room = (high / low) ** (2 * _SHARE_BESIDE)
        set_log_scale(axes, direction, low / room, high * room)
        axis = axes.xaxis if direction == "x" else axes.yaxis
        axis.set_major_locator(LogLocator(subs=(1,) if high > 40 * low else (1, 3), numticks=20))
    else:
        axis = axes.xaxis if direction == "x" else axes.yaxis
        axis.set_major_locator(MaxNLocator(nbins=3))
    formatter = FuncFormatter(lambda value, _: short(value))
    axis.set_major_formatter(formatter)


def short(value: float, gap: str = "") -> str:
    """Return 12500.0 as ``12.5k``, with a `gap` before the k."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{gap}{unit}"
    return f"{value:g}{gap}"


def note(axes: Axes, text: str, corner: tuple[float, float], offset: tuple[float, float]) -> None:
    """Write `text` small and grey so that it ends `offset` [pt] from a `corner` of the axes."""
    axes.annotate(
        text,
        xy=corner,
        xycoords="axes fraction",
        xytext=(length(offset[0]), length(offset[1])),
        textcoords="offset points",
        ha="right",
        fontsize=type_size(),
        color=NOTE,
    )


def plain(value: float) -> str:
    """Return 12500.0 as ``12 500`` and 10.25 as ``10.2``: three digits, and whole numbers whole."""
    digits = max(0, 2 - math.floor(math.log10(value)))
    text = f"{value:,.{digits}f}".replace(",", "\u2009")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_narrow(axes: Axes) -> bool:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return float(figure.get_size_inches()[0]) * 72 < _NARROW_EM * type_size(8.0)


def _locator(ratio: float, is_narrow: bool) -> Locator:
    """Return what finds ticks: multiples of a step over a short range, else of powers of ten."""
    if ratio < 2:
        return MaxNLocator(nbins=5 if is_narrow else 9, steps=[1, 2, 5, 10])
    return LogLocator(subs=_tick_digits(ratio, is_narrow), numticks=20)


def _tick_digits(ratio: float, is_narrow: bool) -> tuple[float, ...]:
    """Return which multiples of a power of ten carry a tick."""
    if ratio < 10:
        few = (1, 1.5, 2, 3, 4, 6) if ratio < 6 else (1, 2, 3, 5)
        return few if is_narrow else (1, 1.5, 2, 3, 4, 5, 6, 8)
    return (1, 2, 5) if ratio < (40 if is_narrow else 300) else (1,)
