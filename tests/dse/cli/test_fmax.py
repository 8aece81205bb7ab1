import csv

import pytest
import typer
from typer.testing import CliRunner

from dse.cli.fmax import fmax
from dse.errors import DesignError, FormatError
from hw_models.calibration import speed
from hw_models.resources import Resources
from hw_models.synth.nextpnr import Hop, Placement


@pytest.fixture
def run(monkeypatch):
    """Run the verb with a placer that makes int8 too slow."""

    def place(rtl, device, *, clock_mhz, folder, seed):
        return Placement(
            resources=Resources(),
            cells=(),
            fmax_mhz=99.0 if "int8_int8" in rtl.top else 123.4,
            clock_mhz=clock_mhz,
            critical_path=(Hop(kind="setup", cell="accumulate.acc", delay_ns=1),),
            tool="placer",
            version="1",
        )

    monkeypatch.setattr(speed, "place_and_route", place)
    app = typer.Typer()
    app.command()(fmax)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})


def test_a_missed_clock_is_said(run):
    result = run("int8", "int8:e4m3", "--device", "ecp5", "--simd", "4")
    assert result.exit_code == 0
    lines = {line.split()[1:3][1]: line for line in result.stdout.splitlines() if "ecp5" in line}
    assert "99.0" in lines["int8"]
    assert "missed" in lines["int8"]
    assert "123.4" in lines["e4m3"]
    assert "missed" not in lines["e4m3"]


def test_the_table_has_all_of_the_default_sweep(run, tmp_path):
    path = tmp_path / "fmax.csv"
    result = run("--device", "ice40", "--simd", "1", "--out", str(path))
    assert result.exit_code == 0
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert {row["meets_clock"] for row in rows} == {"True"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [(("int8", "--device", "xcup"), DesignError), (("int88",), FormatError)],
)
def test_bad_requests_are_refused(run, arguments, error):
    assert isinstance(run(*arguments).exception, error)
