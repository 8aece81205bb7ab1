"""Bounds on points: what they say, and by how much they are broken."""

import numpy as np
import pandas as pd
import pytest

from dse.errors import DesignError
from dse.search.constraint import Constraint, budget_of, total_violation, with_board
from dse.selection import feasible, front_of
from hw_models.boards import BOARDS

BOARD = "ulx3s-85f"
HAVE = BOARDS[BOARD].resources


@pytest.mark.parametrize(
    "text", ["lut <= 0.8 * device", "fps >= 1000", "top1_drop_pct <= 1", "val_top1_pct >= 90.5"]
)
def test_constraints_read_back(text):
    assert Constraint.parse(text).to_plain() == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lut < 5", "'lut < 5' is no constraint; write one such as"),
        ("lut <= many", "is no constraint"),
        ("lut <= nan", "is no constraint"),
        ("lut <= -1", "is no constraint"),
        ("luts <= 5", "no column 'luts' to bound .did you mean 'lut'"),
        ("fps >= 0.5 * device", "a device has no fps"),
        ("__import__('os') <= 1", "is no constraint"),
    ],
)
def test_what_is_no_constraint_is_refused(text, words):
    with pytest.raises(DesignError, match=words):
        Constraint.parse(text)


def test_shares_are_of_the_board():
    share = Constraint.parse("lut <= 0.5 * device")
    assert share.limit(BOARD) == HAVE.lut / 2
    with pytest.raises(DesignError, match="of which device"):
        share.limit("")


def test_violations_are_shares_of_their_bounds():
    most, least = Constraint.parse("lut <= 1000"), Constraint.parse("fps >= 500")
    assert most.violation(np.array([900.0, 1000.0, 1500.0]), "").tolist() == [0.0, 0.0, 0.5]
    assert least.violation(np.array([400.0, 500.0, 600.0]), "").tolist() == [0.2, 0.0, 0.0]
    columns = {"lut": np.array([1500.0]), "fps": np.array([400.0])}
    assert total_violation([most, least], columns, "", 1).tolist() == [0.7]
    assert total_violation([most, least], {"fps": columns["fps"]}, "", 1).tolist() == [0.2]


def test_a_board_bounds_what_nothing_else_does():
    kept = with_board([Constraint.parse("lut <= 0.5 * device")], BOARD)
    budget = budget_of(kept, BOARD)
    assert (budget.lut, budget.ff, budget.bram18) == (HAVE.lut // 2, HAVE.ff, HAVE.bram18)
    assert with_board([], "") == ()
    assert budget_of([], "").lut > 10**9


def test_points_that_break_a_constraint_are_not_on_the_front():
    rows = pd.DataFrame(
        {"lut": [10, 20, 30], "val_top1_pct": [90.0, 80.0, 99.0], "violation": [0.1, 0.0, 0.0]}
    )
    assert feasible(rows)["lut"].tolist() == [20, 30]
    assert front_of(rows, ("lut", "val_top1_pct"))["lut"].tolist() == [20, 30]
