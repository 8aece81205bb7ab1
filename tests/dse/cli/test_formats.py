import json

import pytest
import typer
from typer.testing import CliRunner

from dse.cli.formats import formats
from dse.errors import FormatError
from dse.formats import default_sweep, parse_format


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(formats)
    return app


def test_json_holds_one_object_a_format(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows] == [fmt.name for fmt in default_sweep()]
    by_name = {row["name"]: row for row in rows}
    e4m3 = by_name["e4m3"]
    assert (e4m3["bits"], e4m3["n_codes"], e4m3["max"]) == (8, 255, 480)
    assert e4m3["smallest_normal"] == 2**-6
    assert e4m3["smallest_subnormal"] == 2**-9
    assert by_name["int8"]["n_codes"] == 256
    # Uniform data favour integers, heavy tails favour exponents.
    assert by_name["int8"]["sqnr_uniform_db"] > by_name["e2m5"]["sqnr_uniform_db"]
    assert by_name["int8"]["sqnr_gaussian_db"] < by_name["e2m5"]["sqnr_gaussian_db"]
    assert by_name["int8"]["sqnr_student_t8_db"] < by_name["e3m4"]["sqnr_student_t8_db"]


def test_table_shows_every_column_in_eighty(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--bits", "8"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert "…" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.split()}
    assert rows["e5m2"][:6] == ["e5m2", "8", "255", "114688", "6.1e-05", "1.53e-05"]
    assert rows["int8"][:6] == ["int8", "8", "256", "127", "1", "1"]
    assert {"int8", "e2m5", "e3m4", "e4m3", "e5m2"} <= set(rows)
    assert "[dB]" in rows["format"]


def test_integers_score_as_weights_use_them(app: typer.Typer) -> None:
    rows = json.loads(CliRunner().invoke(app, ["--bits", "1-3", "--json"]).stdout)
    assert [row["name"] for row in rows] == ["int1", "int2", "int3", "e2m0"]
    assert rows[2]["max"] == parse_format("int3").max
    assert rows[2]["sqnr_uniform_db"] == pytest.approx(16.9, abs=0.05)  # 7 levels, not 8


@pytest.mark.parametrize("bits", ["8-3", "0", "3-17", "many"])
def test_bad_bits(app: typer.Typer, bits: str) -> None:
    result = CliRunner().invoke(app, ["--bits", bits])
    assert isinstance(result.exception, FormatError)
    assert "\n" not in str(result.exception)
