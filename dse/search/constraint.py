"""What a search must keep to: bounds on what points cost, how fast and how accurate they are.

A point that breaks one is evaluated like any other and carries by how much; it has no place on the
front. Selection sees validation data, so constraints do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from dse.registry import nearest
from hw_models.boards import BOARDS
from hw_models.resources import Resources

if TYPE_CHECKING:
    import pandas as pd

    from dse.search.header import Header

Floats = NDArray[np.float64]

RESOURCES = ("lut", "ff", "dsp", "bram18")
"""Columns a board has a number of."""
COSTS = (*RESOURCES, "weight_kib", "fps")
"""Columns known without an evaluation."""
DROP = "top1_drop_pct"
ACCURACY = "val_top1_pct"
COLUMNS = (*COSTS, DROP, ACCURACY)
ENDLESS = 2**40
"""More of a resource than any board has."""
_TEXT = re.compile(r"\s*(\w+)\s*(<=|>=)\s*([-+.\w]+)\s*(\*\s*device\s*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A bound on a column.

    Attributes:
        column: One of `COLUMNS`; `DROP` is validation top-1 below the float network's [points].
        is_upper: Whether the column must be at most the bound, not at least.
        bound: The bound, in the column's unit or as a share of what the board has.
        is_share: Whether it is such a share.
    """

    column: str
    is_upper: bool
    bound: float
    is_share: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the constraint that a text such as ``"lut <= 0.8 * device"`` says.

        Raises:
            DesignError: It says none.
        """
        found = _TEXT.fullmatch(text)
        try:
            bound = float(found[3]) if found else np.nan
        except ValueError:
            bound = np.nan
        if found is None or not np.isfinite(bound) or bound < 0:
            raise DesignError(
                f"'{text}' is no constraint; write one such as \"lut <= 0.8 * device\", "
                f'"fps >= 1000" or "{DROP} <= 1"'
            )
        column, is_share = found[1], bool(found[4])
        if column not in COLUMNS:
            raise DesignError(
                f"'{text}': no column '{column}' to bound{nearest(column, list(COLUMNS))}; "
                f"known: {', '.join(COLUMNS)}"
            )
        if is_share and column not in RESOURCES:
            raise DesignError(f"'{text}': a device has no {column}; give a number")
        return cls(column=column, is_upper=found[2] == "<=", bound=bound, is_share=is_share)

    def to_plain(self) -> str:
        """Return the text that `parse` reads."""
        share = " * device" if self.is_share else ""
        return f"{self.column} {'<=' if self.is_upper else '>='} {self.bound:.15g}{share}"

    def limit(self, board: str) -> float:
        """Return the bound in the column's unit.

        Raises:
            DesignError: It is a share of a device and `board` is ``""``.
        """
        if not self.is_share:
            return self.bound
        if not board:
            raise DesignError(f"'{self.to_plain()}': of which device? Give board = \"…\"")
        return float(self.bound * getattr(_resources(board), self.column))

    def violation(self, values: Floats, board: str) -> Floats:
        """Return by which share of the bound `values` break it, 0 where they keep it."""
        limit = self.limit(board)
        over = values - limit if self.is_upper else limit - values
        return np.asarray(np.maximum(over, 0.0) / max(abs(limit), 1.0))


@cache
def _resources(board: str) -> Resources:
    """Return what a board has; asked for with every candidate, and looking for plug-ins is slow."""
    return BOARDS[board].resources


def with_board(constraints: Sequence[Constraint], board: str) -> tuple[Constraint, ...]:
    """Return constraints, and that all else a board has must suffice."""
    bounded = {constraint.column for constraint in constraints if constraint.is_upper}
    whole = [
        Constraint(column=column, is_upper=True, bound=1.0, is_share=True)
        for column in RESOURCES
        if board and column not in bounded
    ]
    return (*constraints, *whole)


def budget_of(constraints: Sequence[Constraint], board: str) -> Resources:
    """Return the most of each resource that keeps to constraints."""
    most = dict.fromkeys(RESOURCES, ENDLESS)
    for constraint in constraints:
        if constraint.column in most and constraint.is_upper:
            limit = int(constraint.limit(board))
            most[constraint.column] = min(most[constraint.column], limit)
    return Resources(**most, uram=ENDLESS)


def total_violation(
    constraints: Sequence[Constraint], columns: Mapping[str, Floats], board: str, n: int
) -> Floats:
    """Return the sum of violations of the constraints on `columns`, `(n,)`; of others nothing."""
    total = np.zeros(n)
    for constraint in constraints:
        if constraint.column in columns:
            total += constraint.violation(columns[constraint.column], board)
    return total


def evaluation_violations(header: "Header", evaluations: "pd.DataFrame") -> Floats:
    """Return what each evaluation of a study breaks of its constraints, `(n,)`.

    A column that a network lacks, such as the total LUTs where a host computes a part, binds
    nothing.
    """
    settings, columns = header.settings, _bounded_columns(header, evaluations)
    found = total_violation(settings.constraints, columns, settings.board, len(evaluations))
    return np.nan_to_num(found)


def broken_by_all(header: "Header", evaluations: "pd.DataFrame") -> str:
    """Return which constraints the nearest evaluation breaks, in words; ``""``: one keeps all."""
    if "violation" not in evaluations.columns or (evaluations["violation"] <= 0.0).any():
        return ""
    point = evaluations.nsmallest(1, "violation")
    columns, board = _bounded_columns(header, point), header.settings.board
    return " and ".join(
        f"{constraint.to_plain()} ({columns[constraint.column].item():.6g} there)"
        for constraint in header.settings.constraints
        if constraint.column in columns
        and constraint.violation(columns[constraint.column], board).item() > 0.0
    )


def _bounded_columns(header: "Header", evaluations: "pd.DataFrame") -> dict[str, Floats]:
    """Return the columns that constraints can bound, of evaluations of a study."""
    names = [name for name in COLUMNS if name in evaluations.columns]
    columns = {name: evaluations[name].to_numpy(dtype=np.float64) for name in names}
    columns[DROP] = header.float_accuracy.val_top1_pct - columns[ACCURACY]
    return columns
