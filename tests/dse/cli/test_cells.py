import csv

import pytest
import typer
from typer.testing import CliRunner

from dse.cli.cells import cells
from dse.report.cells import write_cells
from hw_models.calibration import cell_counts
from hw_models.calibration.cell_counts import AIMS, CellCount, count_cells
from hw_models.resources import Resources
from hw_models.synth.nextpnr import Hop, Placement


def count(lut, *, aim=100, placed=None):
    return CellCount(
        device="ecp5", cell="multiply-accumulate", format_name="int8", terms=9, lut=lut,
        lut_packed=lut, ff=25, aim_lut=aim, placed_lut=placed,
    )  # fmt: skip


@pytest.fixture
def _placer(monkeypatch):
    """Let cells be placed by one that adds 13 LUTs to any."""

    def place(rtl, device, *, clock_mhz, folder):
        return Placement(
            resources=Resources(lut=113), cells=(), fmax_mhz=99.0, clock_mhz=clock_mhz,
            critical_path=(Hop(kind="setup", cell="x", delay_ns=1),), tool="placer", version="1",
        )  # fmt: skip

    monkeypatch.setattr(cell_counts.nextpnr, "place_and_route", place)


def test_an_aim_is_met_by_the_cell_and_by_the_placed_cell():
    assert count(100).meets_aim
    assert not count(101).meets_aim
    assert count(89, placed=112).meets_aim
    assert not count(89, placed=113).meets_aim
    assert count(1, aim=None).meets_aim is None


@pytest.mark.usefixtures("_placer")
def test_cells_are_synthesised_and_placed(monkeypatch):
    monkeypatch.setattr(cell_counts, "FORMATS", ("int4", "e2m1"))
    found = list(count_cells("ecp5", processes=1, progress=lambda *_: None))
    assert [(c.format_name, c.cell) for c in found] == [
        ("int4", "multiply-accumulate"), ("e2m1", "multiply-accumulate"), ("uint8", "product"),
    ]  # fmt: skip
    for mac in found[:2]:
        assert 0 < mac.lut <= mac.aim_lut == AIMS["ecp5"][mac.format_name]
        assert (mac.placed_lut, mac.meets_aim) == (113, False)
    assert (found[2].placed_lut, found[2].meets_aim) == (None, None)


def test_the_page_counts_what_is_met(tmp_path):
    write_cells([count(89), count(101), count(5, aim=None)], tmp_path, command="c", tool="yosys 1")
    page = (tmp_path / "README.md").read_text()
    assert "| ecp5 | multiply-accumulate | INT8 | 9 | 89 | 89 | 25 |  | 100 | met |" in page
    assert "1 of 2 cells meet their aim." in page
    rows = list(csv.DictReader((tmp_path / "cells.csv").read_text().splitlines()))
    assert [row["lut"] for row in rows] == ["89", "101", "5"]


def test_the_verb_says_how_the_page_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(cell_counts, "count_cells", lambda device, **_: iter([count(89)]))
    app = typer.Typer()
    app.command()(cells)
    result = CliRunner().invoke(app, ["--out", str(tmp_path)])
    assert result.exit_code == 0
    page = (tmp_path / "README.md").read_text()
    assert f"bitfront cells --out {tmp_path}" in page
    assert page.count("met") >= 3
