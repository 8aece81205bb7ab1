import json

import pytest
import typer
from typer.testing import CliRunner

from dse.cli.tools import tools
from hw_models.tools import TOOLS


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(tools)
    return lambda *arguments: CliRunner().invoke(app, arguments, env={"COLUMNS": "60"})


def test_json_lists_every_tool(run):
    rows = json.loads(run("--json").stdout)
    assert [row["name"] for row in rows] == [tool.name for tool in TOOLS]
    for row in rows:
        assert bool(row["path"]) == bool(row["version"]) == (not row["to_do"])
    pyosys = rows[0]
    assert pyosys["path"].endswith("pyosys")
    assert pyosys["variable"] == "BITFRONT_PYOSYS"


def test_the_list_says_what_to_do(run, monkeypatch):
    monkeypatch.setenv("BITFRONT_VIVADO", "/nowhere/[bold]vivado")
    result = run()
    assert result.exit_code == 0
    assert "0.70" in result.stdout
    assert "BITFRONT_VIVADO is set to /nowhere/[bold]vivado" in result.stdout


def test_paths_are_whole_however_narrow_the_terminal(run):
    rows = json.loads(run("--json").stdout)
    lines = run().stdout.splitlines()
    assert [row["path"] for row in rows if row["path"]]
    assert all(f"    {row['path'] or row['to_do']}" in lines for row in rows)
