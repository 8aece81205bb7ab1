"""Design points as a table for the terminal and as rows for JSON."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

_NOT_FOR_TABLES = "test_correct"


def point_table(rows: "pd.DataFrame", columns: Sequence[str], caption: str) -> Table:
    """Return a table of the formats of `rows` and of the numbers in `columns`.

    Recipes have a column where there are others than ``none``.
    """
    table = Table(caption=escape(caption), box=box.SIMPLE_HEAD)
    recipes = ("recipe",) if set(rows["recipe"]) - {"none"} else ()
    for heading in ("point", "weights", "activations", *recipes):
        table.add_column(heading)
    for column in columns:
        table.add_column(column, justify="right")
    for _, row in rows.iterrows():
        words = (
            row["digest"][:8],
            row["weight_format"],
            row["act_format"],
            *(row[x] for x in recipes),
        )
        table.add_row(*map(escape, words), *(_number(column, row[column]) for column in columns))
    return table


def point_rows(rows: "pd.DataFrame") -> Iterator[Mapping[str, Any]]:
    """Yield each row as JSON values; a missing number is null."""
    for record in rows.drop(columns=_NOT_FOR_TABLES).to_dict("records"):
        yield {
            str(name): None if isinstance(value, float) and math.isnan(value) else value
            for name, value in record.items()
        }


def _number(column: str, value: float) -> str:
    if math.isnan(value):
        return "–"  # noqa: RUF001 - a dash, as in tables
    if column == "fps":
        return f"{value:.0f}"
    return f"{value:.2f}" if column.endswith(("_pct", "_per_mac")) else f"{value:.15g}"
