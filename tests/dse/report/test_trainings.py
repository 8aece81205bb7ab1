"""What a report says about quantization-aware training, and about points without an accuracy."""

import csv
import io
from dataclasses import replace

import pytest

from dse.intervals import compare_paired
from dse.report import find, read_findings, write_report
from dse.report.text import report_text


@pytest.fixture(scope="module")
def findings(trained_study_folder):
    return read_findings(trained_study_folder)


def test_each_trained_point_stands_beside_what_it_started_from(findings):
    rows = findings.evaluations.set_index(["weight_format", "recipe"])
    assert [found.after["weight_format"] for found in findings.trainings] == ["int4", "e2m1"]
    for found in findings.trainings:
        name = found.after["weight_format"]
        start = found.before["recipe"]
        assert found.after["recipe"] == ("qat" if start == "none" else f"{start}+qat")
        best = max(rows.loc[(name, recipe)]["val_top1_pct"] for recipe in ("none", "gptq"))
        assert found.before["val_top1_pct"] == best
        trained = rows.loc[(name, found.after["recipe"])]["test_correct"]
        plain = rows.loc[(name, start)]["test_correct"]
        assert found.gain == compare_paired(trained, plain, int(found.after["n_test"]))
        gain = found.after["test_top1_pct"] - found.before["test_top1_pct"]
        assert found.gain.difference_pct == pytest.approx(gain)
        assert found.against_float is not None
        lost = found.after["test_top1_pct"] - 100 * _share_right_of_float(findings)
        assert found.against_float.difference_pct == pytest.approx(lost)


def _share_right_of_float(findings):
    before = findings.header.float_accuracy
    bits = int(before.test_correct, 16).bit_count()
    return bits / before.n_test


def test_the_best_of_each_pair_may_be_the_trained_one(findings):
    assert set(findings.points["recipe"]) >= {"gptq+qat"}
    assert len(findings.points) == 3


def test_a_diverged_training_is_in_a_list_of_its_own_and_nowhere_else(
    findings, trained_study_folder
):
    (ended,) = findings.ended
    assert (ended.weight_format, ended.reason) == ("int3", "training diverged in epoch 2")
    assert ended.digest not in set(findings.evaluations["digest"])
    write_report(trained_study_folder)
    text = (trained_study_folder / "report.md").read_text()
    assert "are evaluated. The same" not in text  # the study is whole
    section = text.split("## Points without an accuracy\n")[1].split("\n## ")[0]
    assert f"`{ended.digest[:8]}`" in section
    assert "training diverged in epoch 2" in section
    (row,) = csv.DictReader(io.StringIO((trained_study_folder / "ended.csv").read_text()))
    assert (row["digest"], row["recipe"]) == (ended.digest, ended.recipe)


def test_the_gain_of_training_is_a_table(findings):
    section = report_text(findings).split("## What training gains\n")[1].split("\n## ")[0]
    assert section.count("| e2m1 |") == 1
    found = findings.trainings[1]
    assert f"{found.gain.difference_pct:+.2f} ({found.gain.interval.low_pct:+.2f}" in section


def test_studies_that_do_not_hold_each_image_of_float_are_read(findings):
    before = replace(findings.header.float_accuracy, test_correct="")
    header = replace(findings.header, float_accuracy=before)
    older = find(header, findings.evaluations, findings.n_planned, findings.ended)
    assert [found.against_float for found in older.trainings] == [None, None]
    assert "| \N{EN DASH} |" in report_text(older)
