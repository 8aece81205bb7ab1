"""The report of a network that leaves a part to a host: LUTs a multiply-accumulate, no totals."""

import pandas as pd
import pytest

from dse.report import read_findings, write_report
from dse.search.header import Header

MACS = 784 * 128 + 128 * 64 + 64 * 10 + 8 * 8 * 16
HOST_MACS = 500 + 700 + 9


@pytest.fixture(scope="module")
def findings(partial_study_folder):
    return write_report(partial_study_folder)


@pytest.fixture(scope="module")
def text(findings, partial_study_folder):
    return (partial_study_folder / "report.md").read_text()


def test_points_are_compared_by_luts_a_multiply_accumulate(findings):
    assert findings.objectives == ("lut_per_mac", "test_top1_pct")
    assert findings.n_incomplete == 0
    assert len(findings.points) == 14
    assert findings.hypervolume > 0
    assert list(findings.front["lut_per_mac"]) == sorted(findings.front["lut_per_mac"])
    assert 1 < len(findings.front) < 14


def test_there_are_no_totals(findings, partial_study_folder, text):
    csv = pd.read_csv(partial_study_folder / "evaluations.csv")
    assert csv[["lut", "ff", "dsp", "bram18"]].isna().all(axis=None)
    assert (csv["lut_per_mac"] > 0).all()
    headings = {
        cell.strip()
        for line in text.splitlines()
        if line.startswith("|")
        for cell in line.split("|")
    }
    assert "LUT per MAC" in headings
    assert not headings & {"LUT", "FF", "DSP", "BRAM"}


def test_the_header_says_what_is_covered_and_reads_back(findings):
    header = findings.header
    assert header.cost_column == "lut_per_mac"
    assert header.partial.macs == MACS
    assert header.partial.coverage_pct == pytest.approx(100 * MACS / (MACS + HOST_MACS))
    assert Header.from_json(header.to_json()) == header


def test_the_report_lists_the_host(text):
    section = text.split("## What a host computes\n")[1].split("\n## ")[0]
    assert f"{100 * MACS / (MACS + HOST_MACS):.1f} % of all" in section
    rows = [line for line in section.splitlines() if line.startswith("| LayerNorm")]
    assert rows == ["| LayerNorm | `norm1` to `norm2` | 2 | 509 |"]
    assert "| Softmax | `shares` | 1 | 700 |" in section
    assert "log2(LUT per MAC)" in text


def test_a_study_without_a_host_has_no_such_section(study_folder):
    header = read_findings(study_folder).header
    assert header.partial is None
    assert header.cost_column == "lut"
