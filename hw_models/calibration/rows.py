"""Rows of the tables as text and as cells."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict

from dse.formats import parse_format
from hw_models.arith.cell import Dot, Mac
from hw_models.cost.measured import COLUMNS, Row


def rows_csv(rows: Sequence[Row]) -> str:
    """Return `rows` as the text of a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def cell_of(row: Row) -> Mac | Dot:
    """Return the whole cell that `row` has measured."""
    weight, act = parse_format(row.weight), parse_format(row.act)
    if row.cell == "mac":
        return Mac(weight=weight, act=act, terms=row.terms)
    return Dot(
        weight=weight,
        act=act,
        terms=row.terms,
        lanes=row.lanes,
        is_pipelined=row.cell == "pipelined dot",
    )
