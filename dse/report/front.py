"""The points of a front as a table for a paper: LaTeX, Markdown, CSV."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dse import latex
from dse.errors import DesignError
from dse.registry import nearest
from dse.report import markdown
from dse.report.symbols import NOTHING

if TYPE_CHECKING:
    import pandas as pd

_HEADINGS = {
    "digest": "point",
    "weight_format": "weights",
    "act_format": "activations",
    "val_top1_pct": "validation [%]",
    "test_top1_pct": "test [%]",
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP",
    "bram18": "BRAM",
    "weight_kib": "weights [KiB]",
    "lut_per_mac": "LUT per MAC",
    "ii_cycles": "II [cycles]",
    "fps": "frames a second",
}
_SHORT = {"act_format": "acts", "val_top1_pct": "val. [%]"}
"""In LaTeX, so that the table fits one column of a paper in its size of type for tables."""
_WORDS = ("digest", "weight_format", "act_format", "recipe")
_DIGITS_OF_A_POINT = 8
_NOT_FOR_TABLES = "test_correct"


def front_columns(rows: "pd.DataFrame", numbers: Sequence[str]) -> list[str]:
    """Return names and formats, then `numbers`; recipes where there are others than ``none``."""
    words = [name for name in _WORDS if name != "recipe" or set(rows["recipe"]) - {"none"}]
    return list(dict.fromkeys((*words, *numbers)))


def front_text(rows: "pd.DataFrame", columns: Sequence[str], form: str) -> str:
    """Return `columns` of `rows` as a table.

    In CSV, columns keep their names and numbers and digests all their digits.

    Args:
        rows: Evaluations.
        columns: Any of theirs, but for the results on single images.
        form: ``latex``, ``markdown`` or ``csv``.

    Raises:
        DesignError: There is no such column, with the nearest name.
    """
    known = [str(name) for name in rows.columns if name != _NOT_FOR_TABLES]
    for name in columns:
        if name not in known:
            hint = nearest(name, known)
            raise DesignError(f"no column is called '{name}'{hint}; known: {', '.join(known)}")
    return _FORMS[form](rows[[*columns]])


def _csv(rows: "pd.DataFrame") -> str:
    text: str = rows.to_csv(index=False, lineterminator="\n")
    return text


def _markdown(rows: "pd.DataFrame") -> str:
    cells = ([markdown.escape(cell) for cell in row] for row in _cells(rows))
    return markdown.table(list(map(markdown.escape, _headings(rows))), cells, _sides(rows))


def _latex(rows: "pd.DataFrame") -> str:
    headings = [_SHORT.get(str(name), _heading(str(name))) for name in rows.columns]
    return latex.table(headings, _cells(rows), _sides(rows))


_FORMS: Mapping[str, "Callable[[pd.DataFrame], str]"] = {
    "latex": _latex,
    "markdown": _markdown,
    "csv": _csv,
}


def _headings(rows: "pd.DataFrame") -> list[str]:
    return [_heading(str(name)) for name in rows.columns]


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name)


def _sides(rows: "pd.DataFrame") -> str:
    return "".join("l" if name in _WORDS else "r" for name in rows.columns)


def _cells(rows: "pd.DataFrame") -> Iterator[list[str]]:
    for _, row in rows.iterrows():
        yield [_cell(str(name), value) for name, value in row.items()]


def _cell(column: str, value: object) -> str:
    if column == "digest":
        return str(value)[:_DIGITS_OF_A_POINT]
    if isinstance(value, (str, bool)):
        return str(value)
    number = float(str(value))
    if math.isnan(number):
        return NOTHING
    if column.endswith("_pct"):
        return f"{number:.2f}"
    if column.endswith(("_per_mac", "_kib")):
        return f"{number:.1f}"
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
