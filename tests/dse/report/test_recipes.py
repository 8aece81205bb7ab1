"""What a report says about post-training recipes."""

import numpy as np
import pandas as pd
import pytest

from dse.report import read_findings
from dse.report.recipes import BEST
from dse.report.text import report_text
from dse.selection import front_of


@pytest.fixture(scope="module")
def findings(recipes_study_folder):
    return read_findings(recipes_study_folder)


def test_one_row_a_pair_counts_and_every_result_is_kept(findings):
    assert len(findings.evaluations) == 24
    assert len(findings.points) == 8
    for key, group in findings.evaluations.groupby("cost_key"):
        (chosen,) = findings.points[findings.points["cost_key"] == key].itertuples()
        assert chosen.val_top1_pct == group["val_top1_pct"].max()
    expected = front_of(findings.points, findings.objectives)
    assert list(findings.front["digest"]) == list(expected["digest"])


def test_gains_are_against_none_on_the_test_images(findings):
    rows = findings.evaluations.set_index(["weight_format", "act_format", "recipe"])
    assert {(found.family, found.bits) for found in findings.recipes} == {
        ("integer", 3),
        ("integer", 4),
        ("minifloat", 4),
    }
    weights = {
        ("integer", 3): ["int3"],
        ("integer", 4): ["int4"],
        ("minifloat", 4): ["e2m1", "e3m0"],
    }
    for found in findings.recipes:
        pairs = [(w, a) for w in weights[found.family, found.bits] for a in ("int4", "e2m1")]
        best = findings.points.set_index(["weight_format", "act_format"])
        gains, wins = [], 0
        for pair in pairs:
            row = best.loc[pair] if found.recipe == BEST else rows.loc[(*pair, found.recipe)]
            gains.append(row["test_top1_pct"] - rows.loc[(*pair, "none")]["test_top1_pct"])
            wins += row["digest"] == best.loc[pair]["digest"]
        assert found.n_points == len(pairs)
        assert found.n_best == wins
        assert found.gain.mean_pct == pytest.approx(np.mean(gains))
        assert found.gain.interval.low_pct < found.gain.mean_pct < found.gain.interval.high_pct
        plain = [rows.loc[(*pair, "none")]["test_top1_pct"] for pair in pairs]
        loss = findings.header.float_accuracy.test_top1_pct - np.mean(plain)
        assert found.loss_pct == pytest.approx(loss)
        assert found.recovered_pct == pytest.approx(100 * np.mean(gains) / loss)


def test_shares_of_changed_weights_are_averages(findings):
    changed = {found.recipe: found.changed_weights_pct for found in findings.recipes}
    assert changed["gptq"] == 10.0
    assert changed["equalize+gptq"] == 20.0
    assert 0.0 <= changed[BEST] <= 20.0


def test_the_report_names_winners_and_gains(findings):
    text = report_text(findings)
    assert "8 points, each the best of 3 recipes on validation" in text
    section = text.partition("## What the recipes do")[2].partition("## ")[0]
    for words in ("integer, 3 bits", "minifloat, 4 bits", "equalize+gptq", BEST, "evaluations.csv"):
        assert words in section
    winners = section.rpartition("pair by pair:")[2]
    for _, row in findings.points.iterrows():
        (line,) = [
            line for line in winners.splitlines() if line.startswith(f"| {row.weight_format} ")
        ]
        assert row.recipe in line


def test_a_study_of_one_recipe_says_nothing_about_recipes(study_folder):
    findings = read_findings(study_folder)
    assert findings.recipes == ()
    assert "## What the recipes do" not in report_text(findings)
    pd.testing.assert_frame_equal(findings.points, findings.evaluations)
