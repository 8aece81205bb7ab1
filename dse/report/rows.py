"""Dataclasses as the rows of a page: a CSV file, and the same as a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from dse.files import replace_atomically
from dse.report.markdown import escape, table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def write_rows(
    rows: Sequence["DataclassInstance"], folder: Path, stem: str, *, title: str, text: str
) -> None:
    """Write ``STEM.csv`` and ``README.md`` into `folder`.

    Args:
        rows: At least one, all of one class: its fields are the columns.
        folder: Made if it is missing.
        stem: Of the CSV file.
        title: Heading of the page.
        text: What stands above the table, Markdown.

    Raises:
        DataError: They cannot be written.
    """
    names = [field.name for field in fields(rows[0])]
    lines = io.StringIO()
    writer = csv.DictWriter(lines, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    replace_atomically(folder / f"{stem}.csv", lines.getvalue())
    cells = [[_shown(value) for value in asdict(row).values()] for row in rows]
    sides = "".join("l" if field.type in (str, "str") else "r" for field in fields(rows[0]))
    page = f"# {title}\n\n{text}\n\n{table(names, cells, sides)}"
    replace_atomically(folder / "README.md", page)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else escape(str(value))
