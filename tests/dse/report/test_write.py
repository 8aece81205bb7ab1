import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from dse.errors import DataError
from dse.formats import parse_format
from dse.recipe import NONE, Recipe
from dse.report import find, read_findings, write_report
from dse.report.tables import NOTHING
from dse.report.text import report_text
from dse.search.constraint import Constraint
from dse.search.decision import Decision

FILES = {
    "report.md", "evaluations.csv", "front.csv", "figures/pareto.png", "figures/pareto.svg",
    "figures/pareto.pdf", "figures/by_bits.png", "figures/by_bits.svg", "figures/by_bits.pdf",
}  # fmt: skip
COLUMNS = [
    "digest", "weight_format", "act_format", "recipe", "val_top1_pct", "test_top1_pct", "n_test",
    "lut", "ff", "dsp", "bram18", "weight_kib", "lut_per_mac", "ii_cycles", "cost_source",
]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "study.db"
    }


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n")[1].split("\n## ")[0]


def cells(table: str) -> Iterator[list[str]]:
    """Yield the cells of each row below the headings."""
    rows = [line for line in table.splitlines() if line.startswith("|")]
    for row in rows[2:]:
        yield [cell.strip() for cell in row.strip("|").split("|")]


class TestWriteReport:
    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, study_folder):
        write_report(study_folder)
        return study_folder

    def test_files_are_all_there_and_stay_the_same(self, written):
        first = contents(written)
        assert set(first) == FILES
        for name in FILES:
            (written / name).unlink()
        write_report(written)
        assert contents(written) == first

    def test_tables_hold_every_point_and_the_front(self, written, evaluations, findings):
        for name, rows in (("evaluations", evaluations), ("front", findings.front)):
            table = pd.read_csv(written / f"{name}.csv")
            assert table.columns[: len(COLUMNS)].tolist() == COLUMNS
            assert "test_correct" not in table
            expected = rows[list(table.columns)].reset_index(drop=True)
            pd.testing.assert_frame_equal(table, expected, check_dtype=False, check_exact=True)

    def test_a_folder_without_a_study_is_refused_and_stays_empty(self, tmp_path):
        with pytest.raises(DataError, match="no study"):
            write_report(tmp_path)
        assert not list(tmp_path.iterdir())

    def test_a_study_without_evaluations_says_so(self, empty_study_folder):
        findings = write_report(empty_study_folder)
        assert findings.front.empty
        assert set(contents(empty_study_folder)) == FILES
        text = (empty_study_folder / "report.md").read_text()
        assert "**0 of 121 points are evaluated." in text
        assert "## The front" not in text
        assert len((empty_study_folder / "front.csv").read_text().splitlines()) == 1


@pytest.fixture(scope="module")
def findings(study_folder):
    return read_findings(study_folder)


@pytest.fixture(scope="module")
def text(findings):
    return report_text(findings)


class TestText:
    def test_the_front_is_listed_cheapest_first(self, findings, text):
        rows = list(cells(section(text, "The front")))
        assert [row[:2] for row in rows] == findings.front[
            ["weight_format", "act_format"]
        ].to_numpy().tolist()
        assert [float(row[3]) for row in rows] == findings.front["val_top1_pct"].round(2).tolist()
        assert [int(row[5].replace("\u202f", "")) for row in rows] == findings.front["lut"].tolist()

    def test_each_width_has_a_row_with_a_verdict(self, findings, text):
        rows = list(cells(section(text, "Integer against minifloat, by width")))
        assert [int(row[0]) for row in rows] == [width.bits for width in findings.widths]
        for row, width in zip(rows, findings.widths, strict=True):
            assert row[9] == (width.verdict or NOTHING)
            assert ("integer" in row[10]) == width.integer_on_front
            assert ("minifloat" in row[10]) == width.minifloat_on_front
            if width.comparison:
                ends = width.comparison.interval
                assert f"({ends.low_pct:+.2f} … {ends.high_pct:+.2f})" in row[7]

    def test_which_point_to_take_is_told(self, findings, text):
        header, front = findings.header, findings.front
        near = front[front["val_top1_pct"] >= header.float_accuracy.val_top1_pct - 1.0]
        point = near.loc[near["lut"].idxmin()]
        share = 100 * point["lut"] / 2**header.reference.log2_cost
        (line,) = (line for line in text.splitlines() if line.startswith("- The cheapest point"))
        assert f"(`{point['digest'][:8]}`)" in line
        assert f"{share:.0f} % of int8" in line
        assert f"{point['test_top1_pct'] - header.float_accuracy.test_top1_pct:+.2f} points" in line

    def test_hypervolume_and_its_reference_are_told(self, findings, text):
        reference = findings.header.reference
        assert f"Hypervolume {findings.hypervolume:.3f};" in text
        assert f"below {reference.error_pct:.2f} %" in text
        assert f"{reference.log2_cost:.3f}" in text

    @pytest.mark.parametrize(
        "change",
        [
            {"model": "other"},
            {"data": "other"},
            {"weights": (parse_format("int2"),)},
            {"acts": (parse_format("int2"),)},
            {"device": "ecp5"},
            {"fps": 7.0},
            {"dsp": "auto"},
            {"seed": 7},
            {"checkpoint_sha256": "0123456789abcdef"},
            {"edge_format": parse_format("int8")},
            {"unsigned_acts": True},
            {"granularity": "per_tensor"},
            {"scale": "power_of_two"},
            {"act_range": "percentile"},
            {"weight_range": "absmax"},
            {"calibration": 77},
            {"host": "quantized"},
            {"recipes": (NONE, Recipe.parse("gptq"))},
            {"best_of": True, "recipes": (NONE, Recipe.parse("gptq"))},
            {"same_acts": True},
            {"exact": False},
            {"qat": 3},
            {"qat_epochs": 3, "qat": 3},
            {"qat_lr": 0.01, "qat": 3},
            {"decisions": (Decision.from_plain("fc1 weights int4,e2m1"),)},
            {"board": "ulx3s-85f"},
            {"folding": "cheapest"},
            {"constraints": (Constraint.parse("fps >= 1000"),)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_every_setting_is_told(self, findings, text, change):
        settings = dataclasses.replace(findings.header.settings, **change)
        header = dataclasses.replace(findings.header, settings=settings)
        other = report_text(dataclasses.replace(findings, header=header))
        assert section(other, "The study") != section(text, "The study")

    @pytest.mark.parametrize("change", [{"qat_epochs": 3}, {"qat_lr": 0.01}], ids=str)
    def test_how_points_are_trained_is_told(self, findings, change):
        told = set()
        for changed in ({"qat": 3}, {"qat": 3, **change}):
            settings = dataclasses.replace(findings.header.settings, **changed)
            header = dataclasses.replace(findings.header, settings=settings)
            told.add(
                section(report_text(dataclasses.replace(findings, header=header)), "The study")
            )
        assert len(told) == 2

    def test_no_setting_is_forgotten_above(self, findings):
        (mark,) = TestText.test_every_setting_is_told.pytestmark
        tried = {name for change in mark.args[1] for name in change}
        assert tried == {field.name for field in dataclasses.fields(findings.header.settings)}

    def test_device_and_folding_are_told(self, findings, text):
        told = {row[0]: row[1] for row in cells(section(text, "The study"))}
        images = "1\u202f000 for calibration, 1\u202f000 for validation, 1\u202f200 for test"
        assert told["images"] == images
        assert told["device"] == "xcup at 250 MHz (nominal)"
        foldings = ", ".join(f"({pe}, {simd})" for pe, simd in findings.header.foldings)
        assert told["folding of each layer (PE, SIMD)"] == foldings

    def test_every_number_has_a_source(self, text):
        sources = section(text, "Where the numbers come from")
        for word in ("measured", "analytical (121 points)", "Wilson", "Tango", "McNemar", "torch"):
            assert word in sources

    def test_names_cannot_break_tables(self, findings):
        settings = dataclasses.replace(findings.header.settings, data="npz:/a|b*c\n<d>.npz")
        header = dataclasses.replace(findings.header, settings=settings)
        text = report_text(dataclasses.replace(findings, header=header))
        assert "| data set | npz:/a\\|b\\*c \\<d\\>.npz |\n" in text

    def test_a_study_cut_short_says_so(self, findings, header):
        part = findings.evaluations.iloc[:10]
        assert "**10 of 121 points are evaluated." in report_text(find(header, part, 121))

    def test_points_that_lack_a_number_are_counted(self, findings, header):
        poor = findings.evaluations.copy()
        poor["ff"] = poor["ff"].astype(float)
        poor.loc[poor.index[:3], "ff"] = float("nan")
        text = report_text(find(header, poor, 121))
        assert "- 3 points lack a number" in text
        assert "nan" not in text

    @pytest.mark.parametrize("rows", [slice(0, 1), slice(6, 8)])
    def test_few_points(self, findings, header, rows):
        text = report_text(find(header, findings.evaluations.iloc[rows], 2))
        assert "## The front" in text

    def test_points_that_are_all_equal(self, findings, header):
        equal = findings.evaluations.assign(val_top1_pct=90.0, lut=1000)
        text = report_text(find(header, equal, 121))
        assert len(list(cells(section(text, "The front")))) == 121
        assert len(list(cells(section(text, "The most interesting points")))) == 5

    def test_unsigned_activations_are_marked(self, findings):
        settings = dataclasses.replace(findings.header.settings, unsigned_acts=True)
        header = dataclasses.replace(findings.header, settings=settings)
        text = report_text(dataclasses.replace(findings, header=header))
        assert "not comparable with signed" in text

    def test_a_recipe_has_a_column_of_its_own(self, findings, header):
        rows = findings.evaluations.assign(recipe="gptq|x")
        table = section(report_text(find(header, rows, 121)), "The front")
        assert "| weights | activations | recipe | point |" in table
        assert "| gptq\\|x |" in table
