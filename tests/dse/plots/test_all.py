"""What every plot must do, whoever wrote it."""

import subprocess

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from dse.errors import DesignError
from dse.latex import table
from dse.plots import PLOTS, pgfplots_snippet, save_figure, use_style
from dse.plots.base import Subject, subject
from dse.report.fp8_rows import sqnr_rows

LEAST_TYPE = 6
OF_ONE_POINT = ("cost-breakdown", "roofline")
NASTY = r"a_b%c&d#$e${f}~^\g<b>h</b>"


def words(axes):
    """Return what is written on the figure of `axes`, once it is laid out."""
    axes.figure.draw_without_rendering()
    found = []
    for panel in (*axes.figure.axes, *axes.child_axes):
        found += panel.texts
        if panel.get_legend():
            found += panel.get_legend().get_texts()
        if panel.axison:
            found += [panel.xaxis.label, panel.yaxis.label]
            found += [
                *_ticks(panel.xaxis, panel.get_xlim()),
                *_ticks(panel.yaxis, panel.get_ylim()),
            ]
    return [text for text in found if text.get_text().strip()]


def _ticks(axis, limits):
    pairs = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
    return [label for place, label in pairs if min(limits) <= place <= max(limits)]


@pytest.mark.parametrize("kind", list(PLOTS))
def test_nothing_is_cut_off_or_too_small_in_the_narrowest_style(kind, drawn_from):
    with use_style("acm"):
        axes = PLOTS[kind].draw(drawn_from(kind))
        found = words(axes)
    bounds = axes.figure.bbox.padded(1.0)
    assert found
    for text in found:
        box = Text.get_window_extent(text)
        assert bounds.contains(box.x0, box.y0), text
        assert bounds.contains(box.x1, box.y1), text
        assert text.get_fontsize() >= LEAST_TYPE, text


@pytest.mark.parametrize("kind", list(PLOTS))
def test_draws_on_the_axes_given_and_never_shows(kind, drawn_from):
    before = plt.get_fignums()
    axes = Figure(figsize=(7, 6), layout="constrained").subplots()
    assert PLOTS[kind].draw(drawn_from(kind), ax=axes) is axes
    assert plt.get_fignums() == before


@pytest.mark.parametrize("kind", list(PLOTS))
def test_the_numbers_behind_it_are_a_table_it_says_something_of(kind, drawn_from):
    found = PLOTS[kind].table(drawn_from(kind))
    assert isinstance(found, pd.DataFrame)
    assert len(found)
    assert PLOTS[kind].summary


def poor_studies(whole, study_folder, empty_study_folder):
    """Return what is hardly a study: nothing, no accuracy, nothing allowed; and one point."""
    if isinstance(whole, pd.DataFrame):
        return [whole[:0]], whole[:1]
    found = subject(study_folder)
    unscored = found.rows.assign(val_top1_pct=float("nan"), test_top1_pct=float("nan"))
    none = [empty_study_folder, *(_with(found, rows) for rows in (unscored, _broken(found)))]
    return none, _with(found, found.rows[:1])


@pytest.mark.parametrize("kind", list(PLOTS))
def test_poor_studies_give_a_figure_or_one_clear_line(
    kind, drawn_from, empty_study_folder, study_folder
):
    plot = PLOTS[kind]
    nothing, one_point = poor_studies(drawn_from(kind), study_folder, empty_study_folder)
    for study in nothing:
        if kind in OF_ONE_POINT:
            with pytest.raises(DesignError, match=r"no point of .* has an accuracy"):
                plot.draw(study)
        else:
            assert pgfplots_snippet(plot.draw(study)).endswith("\\end{tikzpicture}\n")
            plot.table(study)
    assert "\\begin{axis}" in pgfplots_snippet(plot.draw(one_point))
    assert len(plot.table(one_point))


def _broken(found):
    return found.rows.assign(violation=1.0)


def _with(found, rows):
    return Subject(rows=rows, header=found.header, folder=found.folder, name=found.name)


@pytest.mark.tool("pdflatex")
def test_snippets_pgf_and_tables_compile(drawn_from, evaluations, tmp_path):
    pictures = []
    for kind in PLOTS:
        with use_style("ieee"):
            axes = PLOTS[kind].draw(drawn_from(kind))
            (tmp_path / f"{kind}.tex").write_text(pgfplots_snippet(axes, f"numbers: {NASTY}"))
            pictures.append(kind)
            if kind in ("by-bits", "sensitivity"):
                save_figure(axes, tmp_path / f"{kind}-pgf", ["pgf"])
                pictures.append(f"{kind}-pgf.pgf")
    nasty = LAYERS_OF_ANY_NAME
    with use_style("acm"):
        axes = PLOTS["sensitivity"].draw(nasty)
        (tmp_path / "nasty.tex").write_text(pgfplots_snippet(axes))
        save_figure(axes, tmp_path / "nasty", ["pgf", "png", "svg", "pdf"])
    pictures += ["nasty", "nasty.pgf"]
    (tmp_path / "table.tex").write_text(table([NASTY, "n"], [[NASTY, "1"], ["[x]", "2"]], "lr"))
    headings, rows, sides = sqnr_rows({"student_t8": {"int8": 30.0, "e4m3": 31.5}})
    (tmp_path / "sqnr.tex").write_text(table(headings, rows, sides))
    inputs = "\n\n".join(f"\\input{{{name}}}" for name in [*pictures, "table", "sqnr"])
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{pgfplots,booktabs}\\pgfplotsset{compat=1.18}\n"
        f"\\usetikzlibrary{{patterns}}\\begin{{document}}\n{inputs}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


LAYERS_OF_ANY_NAME = pd.DataFrame(
    [(NASTY, "int4", 20.0, 15.0), ("é", "int4", 18.0, 12.0)],
    columns=["layer", "format", "weight_sqnr_db", "act_sqnr_db"],
)
