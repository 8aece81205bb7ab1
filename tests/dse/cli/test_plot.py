import json
import shutil

import pandas as pd
import pytest

from dse.cli.plot import plot
from dse.errors import DataError, DesignError, ToolNotFoundError, UnknownPluginError
from dse.plots import PLOTS
from dse.search.schema import DB_NAME


@pytest.fixture
def call(run_verb):
    return lambda *arguments: run_verb(plot, *arguments)


def test_without_a_study_plots_and_styles_are_listed(call):
    found = json.loads(call("--json"))
    assert list(found["plots"]) == list(PLOTS)
    assert "ieee" in found["styles"]
    assert all(name in call() for name in PLOTS)


def test_writes_the_figure_its_numbers_and_a_snippet(call, study_folder, evaluations, tmp_path):
    out = tmp_path / "new" / "front.pdf"
    found = json.loads(call(study_folder, "pareto", "--style", "ieee", "--out", out, "--json"))
    assert found["files"] == [str(out.with_suffix(end)) for end in (".pdf", ".csv", ".tex")]
    assert out.read_bytes().startswith(b"%PDF")
    numbers = pd.read_csv(out.with_suffix(".csv"))
    assert numbers["lut"].tolist() == evaluations["lut"].tolist()
    assert "numbers: front.csv" in out.with_suffix(".tex").read_text()
    assert {path.suffix for path in out.parent.iterdir()} == {".pdf", ".csv", ".tex"}


def test_options_reach_the_plot(call, study_folder, tmp_path):
    out = tmp_path / "front.svg"
    call(study_folder, "pareto", "--x", "weight_kib", "--y", "val_top1_pct", "--out", out)
    assert {"weight_kib", "val_top1_pct"} <= set(pd.read_csv(tmp_path / "front.csv").columns)


def test_studies_stand_beside_each_other(call, study_folder, dsp_study_folder, tmp_path):
    out = tmp_path / "fronts.png"
    call(study_folder, "fronts", "--beside", dsp_study_folder, "--out", out)
    names = set(pd.read_csv(tmp_path / "fronts.csv")["front"])
    assert names == {study_folder.name, dsp_study_folder.name}


def test_a_table_is_drawn_as_its_study(call, study_folder, evaluations, tmp_path):
    evaluations.drop(columns="test_correct").to_csv(tmp_path / "all.csv", index=False)
    call(tmp_path / "all.csv", "fronts", "--out", tmp_path / "one.svg")
    call(study_folder, "fronts", "--out", tmp_path / "other.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["paretto"], UnknownPluginError, "mean 'pareto'"),
        ([], DesignError, "say which plot of .*: by-bits"),
        (["pareto", "--style", "iee"], UnknownPluginError, "mean 'ieee'"),
        (["pareto", "--out", "front.bmp"], DesignError, "not written as 'bmp'"),
        (["pareto", "--x", "lutt"], DesignError, "mean 'lut'"),
        (["by-bits", "--x", "lut"], DesignError, "takes no --x; it takes no options"),
        (["pareto", "--beside", "x"], DesignError, "takes no --beside; it takes --x, --y"),
        (["cost-breakdown", "--point", "abc"], DesignError, "too short"),
        (["estimate-error"], DataError, "the table has no weight"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    call, study_folder, tmp_path, monkeypatch, arguments, error, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message) as raised:
        call(study_folder, *arguments)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_the_same_study_twice_is_refused(call, study_folder, tmp_path):
    with pytest.raises(DesignError, match="named twice"):
        call(study_folder, "fronts", "--beside", study_folder, "--out", tmp_path / "a.pdf")


def test_numbers_do_not_replace_the_table_they_come_from(call, evaluations, tmp_path):
    evaluations.to_csv(tmp_path / "all.csv", index=False)
    before = (tmp_path / "all.csv").read_bytes()
    with pytest.raises(DesignError, match="would replace"):
        call(tmp_path / "all.csv", "fronts", "--out", tmp_path / "all.pdf")
    assert (tmp_path / "all.csv").read_bytes() == before


def test_a_folder_without_a_study_and_a_file_that_is_no_table_are_refused(call, tmp_path):
    with pytest.raises(DataError, match="no study in"):
        call(tmp_path, "pareto")
    (tmp_path / "words.csv").write_text('a,b\n"')
    with pytest.raises(DataError, match="cannot read"):
        call(tmp_path / "words.csv", "pareto")


def test_a_study_of_a_newer_version_is_refused_and_unchanged(call, study_folder, tmp_path):
    import sqlite3
    from contextlib import closing

    shutil.copy(study_folder / DB_NAME, tmp_path / DB_NAME)
    with closing(sqlite3.connect(tmp_path / DB_NAME)) as database:
        database.execute("PRAGMA user_version = 99")
    before = (tmp_path / DB_NAME).read_bytes()
    with pytest.raises(DataError, match="a newer bitfront made it; upgrade"):
        call(tmp_path, "pareto", "--out", tmp_path / "out" / "a.pdf")
    assert (tmp_path / DB_NAME).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [DB_NAME]


def test_pgf_without_latex_says_how_to_get_it(call, study_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match="apt install texlive-latex-base texlive-pictures"):
        call(study_folder, "pareto", "--out", tmp_path / "front.pgf")
    assert not list(tmp_path.iterdir())
