import io
import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from dse.cli.pareto import pareto
from dse.cli.report import report
from dse.errors import DataError, DesignError
from dse.report import read_findings
from dse.search.schema import DB_NAME
from dse.selection import front_of


@pytest.fixture
def call(run_verb):
    return run_verb


FORMS = ("latex", "markdown", "csv")


class TestPareto:
    def test_json_holds_the_front(self, call, study_folder, evaluations):
        found = json.loads(call(pareto, study_folder, "--json"))
        expected = front_of(evaluations, ("lut", "test_top1_pct"))
        assert found["objectives"] == ["lut", "test_top1_pct"]
        assert found["chosen_by"] == ["lut", "val_top1_pct"]
        assert found["n_points"] == 121
        assert [row["digest"] for row in found["front"]] == expected["digest"].tolist()
        assert [row["lut"] for row in found["front"]] == expected["lut"].tolist()
        assert "test_correct" not in found["front"][0]

    def test_other_columns(self, call, study_folder, evaluations):
        found = json.loads(
            call(pareto, study_folder, "--x", "weight_kib", "--y", "val_top1_pct", "--json")
        )
        expected = front_of(evaluations, ("weight_kib", "val_top1_pct"))
        assert [row["digest"] for row in found["front"]] == expected["digest"].tolist()

    def test_dsp_blocks_are_an_objective_where_they_may_be_used(self, call, dsp_study_folder):
        found = json.loads(call(pareto, dsp_study_folder, "--json"))
        assert found["objectives"] == ["lut", "test_top1_pct", "dsp"]
        front = read_findings(dsp_study_folder).front
        assert [row["digest"] for row in found["front"]] == front["digest"].tolist()

    def test_the_table_shows_every_point_of_the_front(self, call, study_folder, evaluations):
        printed = call(pareto, study_folder)
        best = front_of(evaluations, ("lut", "test_top1_pct"))
        assert all(digest[:8] in printed for digest in best["digest"])
        assert f"{len(best)} of 121 points, chosen by lut, val_top1_pct." in printed

    @pytest.mark.parametrize(
        ("option", "column", "message"),
        [
            ("--x", "lutt", "did you mean 'lut'"),
            ("--y", "accuracy", "no column is called 'accuracy'"),
            ("--x", "weight_format", "holds no numbers"),
            ("--x", "signed", "holds no numbers"),
            ("--x", "test_correct", "holds no numbers"),
        ],
    )
    def test_what_is_no_objective_is_refused(self, call, study_folder, option, column, message):
        with pytest.raises(DesignError, match=message):
            call(pareto, study_folder, option, column)

    def test_a_study_without_evaluations_has_an_empty_front(self, call, empty_study_folder):
        assert json.loads(call(pareto, empty_study_folder, "--json"))["front"] == []
        assert "0 of 0 points" in call(pareto, empty_study_folder)

    def test_a_folder_without_a_study_is_refused(self, call, tmp_path):
        with pytest.raises(DataError, match="no study"):
            call(pareto, tmp_path)

    def test_tables_for_papers_hold_the_front(self, call, study_folder, evaluations):
        best = front_of(evaluations, ("lut", "test_top1_pct"))
        made = {form: call(pareto, study_folder, "--format", form) for form in FORMS}
        table = pd.read_csv(io.StringIO(made["csv"]))
        assert table["digest"].tolist() == best["digest"].tolist()
        assert table["val_top1_pct"].tolist() == best["val_top1_pct"].tolist()
        for form in ("latex", "markdown"):
            for _, row in best.iterrows():
                (line,) = [text for text in made[form].splitlines() if row["digest"][:8] in text]
                assert f"{row['val_top1_pct']:.2f}" in line
                assert row["weight_format"] in line
        assert "\\toprule" in made["latex"]
        assert r"point & weights & acts & LUT & val. [\%] & test [\%]" in made["latex"]

    def test_the_columns_of_a_table_can_be_chosen(self, call, study_folder, evaluations):
        best = front_of(evaluations, ("lut", "test_top1_pct")).iloc[0]
        names = "weight_format,weight_family,signed,bram18,test_top1_pct"
        table = call(pareto, study_folder, "--format", "latex", "--columns", names).splitlines()
        assert table[3] == r"{}weights & weight\_family & signed & BRAM & test [\%] \\"
        cells = table[5].removeprefix("{}").removesuffix(r" \\").split(" & ")
        accuracy = f"{best['test_top1_pct']:.2f}"
        assert cells[:3] == [best["weight_format"], best["weight_family"], str(best["signed"])]
        assert cells[3:] == [str(best["bram18"]), accuracy]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--format", "csv", "--columns", "lutt"), "did you mean 'lut'"),
            (("--format", "csv", "--columns", "test_correct"), "no column is called"),
            (("--columns", "lut"), "add --format"),
        ],
    )
    def test_columns_that_cannot_be_shown_are_refused(self, call, study_folder, options, message):
        with pytest.raises(DesignError, match=message):
            call(pareto, study_folder, *options)

    def test_an_empty_front_is_a_table_without_rows(self, call, empty_study_folder):
        assert call(pareto, empty_study_folder, "--format", "csv").startswith("digest,")
        assert "\\bottomrule" in call(pareto, empty_study_folder, "--format", "latex")


class TestReport:
    def test_says_where_the_report_is(self, call, empty_study_folder):
        printed = call(report, empty_study_folder)
        assert printed.strip() == str(empty_study_folder / "report.md")
        assert (empty_study_folder / "report.md").exists()

    def test_json_holds_what_matters(self, call, study_folder):
        found = json.loads(call(report, study_folder, "--json"))
        findings = read_findings(study_folder)
        assert found["n_points"] == found["n_planned"] == 121
        assert found["n_front"] == len(findings.front)
        assert found["hypervolume"] == findings.hypervolume
        assert [row["digest"] for row in found["interesting"]] == findings.interesting[
            "digest"
        ].tolist()

    def test_a_folder_without_a_study_is_refused(self, call, tmp_path):
        with pytest.raises(DataError, match="no study"):
            call(report, tmp_path)


class TestPage:
    def test_goes_into_the_folder_of_the_study_and_nothing_else_is_written(
        self, call, empty_study_folder
    ):
        printed = call(report, empty_study_folder, "--html")
        page = empty_study_folder / "explore.html"
        assert printed.strip() == str(page)
        assert page.read_text().startswith("<!doctype html>")
        assert {file.name for file in empty_study_folder.iterdir()} == {DB_NAME, "explore.html"}

    def test_goes_where_it_is_asked_to(self, call, study_folder, tmp_path):
        file = tmp_path / "new" / "page.html"
        found = json.loads(call(report, study_folder, "--html", file, "--json"))
        assert found == {"file": str(file), "n_points": 121, "n_planned": 121, "n_ended": 0}
        assert file.exists()

    def test_a_file_without_html_is_refused(self, call, study_folder, tmp_path):
        with pytest.raises(DesignError, match="add --html"):
            call(report, study_folder, tmp_path / "page.html")

    def test_a_study_of_a_newer_bitfront_changes_nothing(self, call, empty_study_folder):
        (empty_study_folder / "explore.html").write_text("before")
        with closing(sqlite3.connect(empty_study_folder / DB_NAME)) as database:
            database.execute("PRAGMA user_version = 99")
        study = (empty_study_folder / DB_NAME).read_bytes()
        with pytest.raises(DataError, match="a newer bitfront made it; upgrade bitfront"):
            call(report, empty_study_folder, "--html")
        assert (empty_study_folder / "explore.html").read_text() == "before"
        assert (empty_study_folder / DB_NAME).read_bytes() == study

    def test_a_folder_without_a_study_is_refused(self, call, tmp_path):
        with pytest.raises(DataError, match="no study"):
            call(report, tmp_path, "--html")
