"""Which evaluations matter: the front, the best of each width, the most telling points.

Functions here take a table of evaluations, one a row, with the columns of `dse.search.Store`.
Whatever *chooses* rows looks at validation accuracy only, so that the test accuracy of what was
chosen stays an honest measurement: asked for ``test_top1_pct``, they choose by ``val_top1_pct``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dse.errors import DesignError
from dse.pareto import Floats, contributions, front, hypervolume
from dse.registry import nearest

if TYPE_CHECKING:
    import pandas as pd

Family = Literal["integer", "minifloat", "mixed"]
FAMILIES: tuple[Family, ...] = ("integer", "minifloat", "mixed")
"""Both formats integers, both minifloats, or anything else."""
FAMILY_NAMES: dict[Family, str] = {
    "integer": "integer",
    "minifloat": "minifloat",
    "mixed": "integer with minifloat",
}
"""What a reader is told of each."""

_MAXIMISED = ("top1_pct", "fps", "_mhz", "_db")
"""Endings of the columns of which more is better; of all others less is."""
_CHOSEN_BY = {"test_top1_pct": "val_top1_pct"}


def is_maximised(column: str) -> bool:
    """Return whether more of `column` is better; every column without this is a cost."""
    return column.endswith(_MAXIMISED)


def chosen_by(column: str) -> str:
    """Return the column rows are chosen by when `column` is to be shown."""
    return _CHOSEN_BY.get(column, column)


def check_objective(evaluations: "pd.DataFrame", column: str) -> None:
    """Check that `column` is one a point can be better or worse in.

    Raises:
        DesignError: There is no such column, with the nearest name, or it holds no numbers.
    """
    typed = evaluations if evaluations.empty else evaluations.select_dtypes("number")
    numeric = [str(name) for name in typed.columns]
    if column not in evaluations.columns:
        hint = nearest(column, numeric)
        raise DesignError(f"no column is called '{column}'{hint}; known: {', '.join(numeric)}")
    if column not in numeric:
        raise DesignError(
            f"'{column}' holds no numbers, so points are not better or worse in it; "
            f"choose one of {', '.join(numeric)}"
        )


def feasible(evaluations: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows that break none of their study's constraints."""
    if "violation" not in evaluations.columns:
        return evaluations
    return evaluations[evaluations["violation"] <= 0.0]


def front_of(evaluations: "pd.DataFrame", columns: Sequence[str]) -> "pd.DataFrame":
    """Return the rows no other row dominates in `columns`, sorted by them.

    Rows that lack a number in one of the columns, or break a constraint, are left out. Rows equal
    in all columns are on the front together.

    Args:
        evaluations: One evaluation a row; may be empty.
        columns: Objectives; see `is_maximised` and `chosen_by`.

    Raises:
        DesignError: A column is missing or holds no numbers.
    """
    for column in columns:
        check_objective(evaluations, column)
        check_objective(evaluations, chosen_by(column))
    objectives = list(dict.fromkeys(chosen_by(column) for column in columns))
    complete = feasible(evaluations).dropna(subset=objectives)
    signs = [-1.0 if is_maximised(column) else 1.0 for column in objectives]
    values = complete[objectives].to_numpy(dtype=np.float64) * signs
    best = complete[front(values)]
    order = np.lexsort(tuple(reversed((best[objectives].to_numpy(dtype=np.float64) * signs).T)))
    return best.iloc[order]


def families(evaluations: "pd.DataFrame") -> "pd.Series[str]":
    """Return each row's family of formats, one of `FAMILIES`."""
    weights, acts = evaluations["weight_family"], evaluations["act_family"]
    named = weights.map({"int": "integer", "minifloat": "minifloat"})
    return named.where(weights == acts).fillna("mixed")


def best_uniform(evaluations: "pd.DataFrame", family: Family, bits: int) -> "pd.Series | None":
    """Return the best row whose weights and activations both have `bits` bits of one family.

    The highest validation accuracy wins; among equals the fewest LUTs, then the earliest row.
    `None` where there is no such row.
    """
    kept = feasible(evaluations)
    rows = kept[
        (kept["weight_bits"] == bits) & (kept["act_bits"] == bits) & (families(kept) == family)
    ].dropna(subset=["val_top1_pct"])
    if rows.empty:
        return None
    ranked = rows.sort_values(["val_top1_pct", "lut"], ascending=[False, True], kind="stable")
    return ranked.iloc[0]


def best_recipes(evaluations: "pd.DataFrame") -> "pd.DataFrame":
    """Return, of the rows that differ in their recipe only, the one best on validation.

    Rows keep their order; among equals the earliest counts.
    """
    scored = evaluations.dropna(subset=["val_top1_pct"])
    best = scored.groupby("cost_key", sort=False)["val_top1_pct"].idxmax()
    return evaluations.loc[sorted(best)]


def uniform_widths(evaluations: "pd.DataFrame") -> list[int]:
    """Return, ascending, the widths that weights and activations share in some row [bits]."""
    shared = evaluations[evaluations["weight_bits"] == evaluations["act_bits"]]
    return sorted(int(bits) for bits in shared["weight_bits"].unique())


def error_and_log2_cost(evaluations: "pd.DataFrame", cost: str = "lut") -> Floats:
    """Return what hypervolume is measured in, `(n, 2)`: validation error [%] and log2 of the cost.

    Args:
        evaluations: One evaluation a row.
        cost: Column of the cost.
    """
    costs = evaluations[cost].to_numpy(dtype=np.float64)
    error = 100.0 - evaluations["val_top1_pct"].to_numpy(dtype=np.float64)
    return np.stack([error, np.log2(np.maximum(costs, 1.0))], axis=1)


def hypervolume_of(
    evaluations: "pd.DataFrame", reference: Sequence[float], cost: str = "lut"
) -> float:
    """Return the hypervolume of `evaluations` in validation error [%] × log2 of the cost.

    Args:
        evaluations: One evaluation a row; rows without accuracy or cost, and those that break a
            constraint, are left out.
        reference: Worst error [%] and log2 of the cost that count.
        cost: As for `error_and_log2_cost`.
    """
    complete = feasible(evaluations).dropna(subset=["val_top1_pct", cost])
    return hypervolume(error_and_log2_cost(complete, cost), reference)


def leading(
    evaluations: "pd.DataFrame",
    columns: Sequence[str],
    reference: Sequence[float],
    count: int = 5,
) -> "pd.DataFrame":
    """Return the `count` most interesting rows: of the front, then of the front behind it, ….

    Args:
        evaluations: One evaluation a row.
        columns: Objectives of the front, as for `front_of`, the cost first.
        reference: As for `most_interesting`.
        count: Largest number of rows wanted.
    """
    from pandas import concat  # the module itself must import without pandas

    chosen, rest = evaluations.iloc[:0], evaluations
    while len(chosen) < count and not (layer := front_of(rest, columns)).empty:
        best = most_interesting(layer, reference, count - len(chosen), columns[0])
        chosen = best if chosen.empty else concat([chosen, best])
        rest = rest.drop(layer.index)
    return chosen


def most_interesting(
    front_rows: "pd.DataFrame", reference: Sequence[float], count: int = 5, cost: str = "lut"
) -> "pd.DataFrame":
    """Return the `count` rows of a front without which it would lose most, best first.

    These are its knees and ends: the largest exclusive contributions to the hypervolume in
    validation error [%], log2 of the cost and, where that is LUTs and rows differ in them, DSP
    blocks. Rows that add nothing (copies, or outside the reference) follow by validation accuracy.

    Args:
        front_rows: A front, as `front_of` returns it.
        reference: Worst error [%] and log2 of the cost that count; one DSP block more than any
            row takes.
        count: Largest number of rows wanted.
        cost: As for `error_and_log2_cost`.
    """
    points, corner = error_and_log2_cost(front_rows, cost), list(reference)
    dsp = front_rows["dsp"].fillna(0).to_numpy(dtype=np.float64)  # without totals, none differ
    if cost == "lut" and len(np.unique(dsp)) > 1:  # blocks are taken to save LUTs
        points = np.column_stack([points, dsp])
        corner.append(float(dsp.max()) + 1.0)
    added = contributions(points, corner)
    accuracy = front_rows["val_top1_pct"].to_numpy(dtype=np.float64)
    return front_rows.iloc[np.lexsort((-accuracy, -added))[:count]]
