"""Synthesis results that come with the package: ``data/<name>.csv``, one synthesised cell a row."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Literal

from dse.errors import UnmodelledError
from dse.formats import parse_format
from hw_models.arith.cell import Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product

CellKind = Literal["lane", "mac lane", "mac", "dot", "pipelined dot"]
"""A product as adder trees take it; one as an accumulator takes it; with accumulator; …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One synthesised cell; its fields are the columns.

    Attributes:
        cell: What was synthesised.
        weight: Name of the weight format.
        act: Name of the activation format.
        terms: Products per sum; 0 for a lane.
        lanes: Products per clock.
        lut: LUTs by the device's rule.
        lut_packed: LUT sites when small LUTs share one.
        ff: Flip-flops.
        carry: Carry cells.
        tool: What synthesised.
        version: Its version.
    """

    cell: CellKind
    weight: str
    act: str
    terms: int
    lanes: int
    lut: int
    lut_packed: int
    ff: int
    carry: int
    tool: str
    version: str


COLUMNS = tuple(field.name for field in fields(Row))
_NUMBERS = ("terms", "lanes", "lut", "lut_packed", "ff", "carry")


@cache
def load_rows(name: str) -> tuple[Row, ...]:
    """Return the rows of ``data/<name>.csv``.

    Raises:
        UnmodelledError: There is no such file.
    """
    path = files("hw_models.cost") / "data" / f"{name}.csv"
    if not path.is_file():
        raise UnmodelledError(f"no synthesis results for '{name}': run bitfront calibrate")
    with path.open(encoding="utf-8") as file:
        return tuple(
            Row(**{key: int(value) if key in _NUMBERS else value for key, value in line.items()})  # type: ignore[arg-type]
            for line in csv.DictReader(file)
        )


@cache
def lane_rows(name: str, style: Style) -> Mapping[Lane, Row]:
    """Return the measured lanes of ``data/<name>.csv``.

    Formats that share a circuit (``e4m3`` and ``e4m3fn``) are one lane.
    """
    rows = (row for row in load_rows(name) if row.cell in ("lane", "mac lane"))
    return {row_lane(row, style): row for row in rows}


def row_lane(row: Row, style: Style) -> Lane:
    """Return the lane that `row` has measured, or that its MAC or dot product is made of."""
    shape = product(parse_format(row.weight), parse_format(row.act))
    return Lane(product=shape, style=style, in_mac=row.cell in ("mac lane", "mac")).canonical
