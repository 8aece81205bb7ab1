"""Studies in Python: tables, the HTML a notebook shows, points."""

import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import dse
from dse.api.html import study_html
from dse.errors import DataError, DesignError
from dse.report import write_report
from dse.search.schema import DB_NAME
from dse.selection import front_of


def test_the_tables_are_those_of_the_files(study_folder):
    study = dse.load(str(study_folder))
    write_report(study_folder)
    for name in ("evaluations", "front"):
        written = pd.read_csv(study_folder / f"{name}.csv")
        pd.testing.assert_frame_equal(getattr(study, name).reset_index(drop=True), written)
    expected = front_of(study.evaluations, ("lut", "val_top1_pct"))
    assert list(study.front.digest) == list(expected.digest)
    assert repr(study) == f"<Study {study_folder}: 121 of 121 points, {len(expected)} on the front>"


def test_a_point_is_found_by_the_start_of_its_digest(study_folder):
    study = dse.load(study_folder)
    row = study.front.iloc[0]
    scheme = study.point(row.digest[:8]).scheme
    assert (scheme.weight_format, scheme.act_format) == (row.weight_format, row.act_format)
    with pytest.raises(DesignError, match="too short"):
        study.point("abc")


def test_a_notebook_shows_the_front(study_folder):
    study = dse.load(study_folder)
    page = study._repr_html_()
    assert "digits-mlp on fashion-mnist, xcup at 100000 fps" in page
    assert "121 of 121 points evaluated" in page
    for digest in study.front.digest.head(20):
        assert page.count(f"<td>{digest[:8]}</td>") == 1


def test_names_from_outside_are_escaped(odd_names_study_folder):
    page = dse.load(odd_names_study_folder)._repr_html_()
    assert "<script" not in page
    assert "odd_<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; on npz:50%_a&amp;b#&lt;i&gt;.npz" in page


def test_a_study_without_evaluations_says_so(empty_study_folder):
    study = dse.load(empty_study_folder)
    assert study.evaluations.empty
    assert study.front.empty
    page = study_html(study.folder, study.findings)
    assert "0 of 121 points evaluated" in page
    assert "No point is on the front yet" in page


def test_what_is_no_study_is_refused(tmp_path, empty_study_folder):
    with pytest.raises(DataError, match="no study in"):
        dse.load(tmp_path / "nowhere")
    with closing(sqlite3.connect(empty_study_folder / DB_NAME)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(DataError, match="a newer bitfront made it"):
        dse.load(empty_study_folder)
