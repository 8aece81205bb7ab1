import json

import pytest
import typer
from typer.testing import CliRunner

from dse.cli.cost import cost
from dse.errors import DesignError, FormatError, UnknownPluginError


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(cost)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})


def test_json_holds_the_estimate_with_sources(run):
    result = run("int8", "int8", "--terms", "1024", "--device", "ecp5", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["estimate"]["lut"] == 89
    assert found["estimate"]["ff"] == found["accumulator_bits"] == 25
    assert found["estimate"]["dsp"] == 0
    assert found["synthesis"] is None
    assert (found["arch"], found["style"]) == ("rows", "ecp5")
    assert all(part["source"] for part in found["estimate"]["parts"])


def test_synthesis_stands_beside_the_estimate(run):
    result = run("e2m1", "int4", "--terms", "16", "--device", "ecp5", "--synth", "--json")
    found = json.loads(result.stdout)
    assert found["synthesis"]["lut"] == found["estimate"]["lut"] > 0
    assert found["synthesis"]["ff"] == found["estimate"]["ff"]
    assert found["lut_error_pct"] == 0
    assert found["synthesis"]["tool"] == "yosys"
    assert found["synthesis"]["version"]


def test_the_table_says_what_a_lut_is(run):
    result = run("e4m3", "e4m3", "--device", "ice40", "--simd", "4")
    assert result.exit_code == 0
    assert "SB_LUT4" in result.stdout
    assert "measured: yosys" in result.stdout


def test_a_style_without_a_model_is_synthesised_only(run):
    result = run("int3", "int3", "--device", "ecp5", "--style", "portable", "--synth", "--json")
    found = json.loads(result.stdout)
    assert found["estimate"] is None
    assert found["lut_error_pct"] is None
    assert found["synthesis"]["lut"] > 0


@pytest.mark.parametrize("arch", ["booth", "table", "dsp"])
def test_architectures_of_one_cell(run, arch):
    options = ("--terms", "64", "--arch", arch, "--dsp", "auto", "--synth", "--json")
    found = json.loads(run("e2m1", "e2m1", *options).stdout)
    assert found["arch"] == arch
    assert found["synthesis"]["dsp"] == found["estimate"]["dsp"] == (arch == "dsp")
    assert found["synthesis"]["lut"] == found["estimate"]["lut"] > 0


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("int88", "int8"), FormatError, "int88"),
        (("e6m1", "int8"), FormatError, "e6m1"),
        (("int8", "int8", "--device", "xcupp"), UnknownPluginError, "xcup"),
        (("int8", "int8", "--simd", "9", "--terms", "8"), DesignError, "9 lanes"),
        (("int8", "int8", "--terms", "1" + "0" * 40), DesignError, "accumulator"),
        (("int8", "int8", "--arch", "boot"), DesignError, "did you mean 'booth'"),
        (("int8", "int8", "--arch", "table"), DesignError, "there is booth"),
        (("int8", "int8", "--device", "ecp5", "--arch", "booth"), DesignError, "there is rows"),
        (("int8", "int8", "--arch", "dsp"), DesignError, "--dsp auto"),
        (("int8", "int8", "--style", "ecp5"), DesignError, "xilinx"),
        (("int8", "int8", "--device", "ecp5", "--style", "portable"), DesignError, "--synth"),
    ],
)
def test_bad_input_is_named(run, arguments, error, text):
    result = run(*arguments)
    assert isinstance(result.exception, error)
    assert text in str(result.exception)
    assert error.exit_code == 2
