"""SQNR of number formats on distributions, each at its best scale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from dse.formats import Format, parse_format
from dse.metrics import DISTRIBUTIONS, best_sqnr_db
from dse.plots.base import Plot, Study, subject
from dse.plots.legend import legend_above
from dse.plots.style import (
    GREY,
    INK,
    MARKERS,
    NOTE,
    PALETTE,
    length,
    new_axes,
    say,
    styled,
    type_size,
)

if TYPE_CHECKING:
    import pandas as pd


def sqnr(study: "Study | Sequence[str]", ax: Axes | None = None) -> Axes:
    """Draw the greatest SQNR each format reaches on each distribution, formats by width.

    Nothing is sampled: see `dse.metrics.best_sqnr_db`. Integers use their full range.

    Args:
        study: Names of formats, or a study or table, of which all formats are drawn.
        ax: Axes to draw on; a new figure without.

    Returns:
        The axes.

    Raises:
        FormatError: There is no such format.
    """
    table = sqnr_table(study)
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_ylabel("SQNR [dB]")
        if table.empty:
            return say(axes, "no evaluations")
        names = list(dict.fromkeys(table["format"]))
        for number, (name, rows) in enumerate(table.groupby("distribution", sort=False)):
            axes.plot(
                [names.index(one) for one in rows["format"]],
                rows["sqnr_db"],
                linestyle="none",
                marker=MARKERS[number],
                color=PALETTE[number + 1],
                markeredgecolor=INK,
                markeredgewidth=length(0.4),
                markersize=length(4),
                label=str(name).replace("_", " "),
            )
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.grid(visible=False, axis="x")
        axes.margins(x=0.03, y=0.12)
        _separate_widths(axes, list(table.drop_duplicates("format")["bits"]))
        legend_above(axes)
    return axes


def sqnr_table(study: "Study | Sequence[str]") -> "pd.DataFrame":
    """Return format, width, family, distribution and SQNR [dB], narrow formats first."""
    import pandas as pd

    formats = sorted(_formats(study), key=lambda one: (one.bits, one.family, one.name))
    return pd.DataFrame(
        [
            {
                "format": one.name,
                "bits": one.bits,
                "family": one.family,
                "distribution": distribution.name,
                "sqnr_db": best_sqnr_db(one, distribution),
            }
            for one in formats
            for distribution in DISTRIBUTIONS
        ],
        columns=["format", "bits", "family", "distribution", "sqnr_db"],
    )


def _formats(study: "Study | Sequence[str]") -> list[Format]:
    if isinstance(study, (list, tuple)):
        return [parse_format(name) for name in dict.fromkeys(study)]
    found = subject(study)  # type: ignore[arg-type] # a str is a folder, not a sequence
    if found.header is not None:
        settings = found.header.settings
        return list(dict.fromkeys((*settings.weights, *settings.acts)))
    names = dict.fromkeys((*found.rows["weight_format"], *found.rows["act_format"]))
    return [parse_format(name) for name in names if name != "mixed"]


def _separate_widths(axes: Axes, bits: list[int]) -> None:
    """Rule a line between formats of different widths and write the width on top."""
    starts = [place for place, width in enumerate(bits) if place == 0 or width != bits[place - 1]]
    for start, end in zip(starts, [*starts[1:], len(bits)], strict=True):
        if start:
            axes.axvline(start - 0.5, color=GREY, linewidth=length(0.6), zorder=0)
        axes.annotate(
            f"{bits[start]} bit" if start == 0 else f"{bits[start]}",
            ((start + end - 1) / 2, 1.0),
            (0, -length(8)),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=type_size(),
            color=NOTE,
        )


PLOT = Plot(
    summary="SQNR of every format of a study on normal, uniform and heavy-tailed values",
    draw=sqnr,
    table=sqnr_table,
)
