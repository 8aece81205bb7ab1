"""The gallery's figures are made again from its numbers, which are read as they were written."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.dse.plots.redraw import finn_comparison, format_comparison, redraw_study

GALLERY = Path(__file__).parents[3] / "reports/gallery"


@pytest.mark.parametrize("network", ["digits-mlp-int4", "digits-cnn-int4"])
def test_reads_what_a_comparison_with_finn_wrote(network):
    found = json.loads((GALLERY / f"finn-compare/{network}.json").read_text(encoding="utf-8"))
    read = json.loads(json.dumps(asdict(finn_comparison(found))))
    assert read == {name: found[name] for name in read}


def test_reads_what_the_comparison_of_formats_wrote():
    found = json.loads((GALLERY / "fp8-vs-int8/comparison.json").read_text(encoding="utf-8"))
    comparison = format_comparison(found)
    assert len(comparison.counts) == len(found["costs"])
    for row, (cell, measure) in zip(found["costs"], comparison.counts, strict=True):
        more = comparison.more_pct(cell, cell.reference("int8"), measure)
        assert more == pytest.approx(row["over_int8_pct"], abs=0.005)


def test_draws_a_study_from_its_report_and_table(tmp_path):
    for name in ("report.md", "evaluations.csv"):
        shutil.copy(GALLERY / "ptq/vit" / name, tmp_path)
    redraw_study(tmp_path)
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert written == [
        f"{stem}.{ending}" for stem in ("by_bits", "pareto") for ending in ("pdf", "png", "svg")
    ]
