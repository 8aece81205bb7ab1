"""Axes for costs, and notes at their corners."""

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy import float64
from numpy.typing import NDArray

from dse.plots.style import LABEL_POINTS, NOTE

_SHARE_BESIDE = 0.04
_LEAST_RATIO = 1.1


def set_cost_scale(axes: Axes, values: NDArray[float64]) -> None:
    """Fix the horizontal limits around `values`: logarithmic where all are above 0.

    Ticks are plain numbers, closer where the values span less.

    Args:
        axes: Axes to set.
        values: `(n,)`, n at least 1.
    """
    low, high = float(values.min()), float(values.max())
    if low <= 0:
        room = _SHARE_BESIDE * (high - low) or 1.0
        axes.set_xlim(low - room, high + room)
        return
    axes.set_xscale("log")
    ratio = max(high / low, _LEAST_RATIO)
    room = ratio**_SHARE_BESIDE
    axes.set_xlim(low / room, high * room)
    axes.xaxis.set_major_locator(LogLocator(subs=_tick_digits(ratio), numticks=20))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def note(axes: Axes, text: str, corner: tuple[float, float], offset: tuple[float, float]) -> None:
    """Write `text` small and grey so that it ends `offset` [pt] from a `corner` of the axes."""
    axes.annotate(
        text,
        xy=corner,
        xycoords="axes fraction",
        xytext=offset,
        textcoords="offset points",
        ha="right",
        fontsize=LABEL_POINTS,
        color=NOTE,
    )


def _tick_digits(ratio: float) -> tuple[float, ...]:
    """Return which multiples of a power of ten carry a tick."""
    if ratio < 2:
        return tuple(digit / 10 for digit in range(10, 100, 1 if ratio < 1.3 else 2))
    if ratio < 10:
        return (1, 1.5, 2, 3, 4, 5, 6, 8)
    return (1, 2, 5) if ratio < 300 else (1,)


def _plain(value: float) -> str:
    """Return 12500.0 as ``12 500``, with the digits a tick needs and no more."""
    digits = max(0, 1 - math.floor(math.log10(value)))
    text = f"{value:,.{digits}f}".replace(",", "\u2009")
    return text.rstrip("0").rstrip(".") if "." in text else text
