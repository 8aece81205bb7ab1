"""A study's report as files beside its database."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dse.files import replace_atomically
from dse.plots import by_bits, pareto, save_figure
from dse.report.findings import Findings, find
from dse.report.text import report_text
from dse.search.rows import EndedPoint
from dse.search.store import Store

if TYPE_CHECKING:
    import pandas as pd

_FIRST_COLUMNS = (
    "digest", "weight_format", "act_format", "recipe", "val_top1_pct", "test_top1_pct", "n_test",
    "lut", "ff", "dsp", "bram18", "weight_kib", "lut_per_mac", "ii_cycles", "cost_source",
)  # fmt: skip
_NOT_FOR_TABLES = "test_correct"


def read_findings(folder: Path) -> Findings:
    """Return what the study in `folder` found so far, also while it runs.

    Raises:
        DataError: There is no study, or it is damaged.
    """
    with Store.open_readonly(folder) as store:
        n_planned, _ = store.counts()
        findings = find(store.header, store.evaluations(), n_planned, store.ended())
        if not store.header.settings.decisions:
            return findings
        schemes = {digest: store.point(digest).scheme for digest in findings.front["digest"]}
        return replace(findings, schemes=schemes)


def write_report(folder: Path) -> Findings:
    """Write the report of the study in `folder` from its database alone, and return its findings.

    The files are ``report.md``, ``evaluations.csv``, ``front.csv``, ``figures/`` and, where points
    have no accuracy, ``ended.csv``; each is replaced as a whole, and the same study gives the same
    bytes.

    Raises:
        DataError: There is no study, it is damaged, or a file cannot be written.
    """
    findings = read_findings(folder)
    replace_atomically(folder / "evaluations.csv", _csv(findings.evaluations))
    replace_atomically(folder / "front.csv", _csv(findings.front))
    _write_ended(findings.ended, folder / "ended.csv")
    _write_figures(findings, folder / "figures")
    replace_atomically(folder / "report.md", report_text(findings))
    return findings


def _write_ended(ended: Sequence[EndedPoint], path: Path) -> None:
    if not ended:
        path.unlink(missing_ok=True)
        return
    lines = io.StringIO()
    writer = csv.DictWriter(lines, asdict(ended[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(asdict, ended))
    replace_atomically(path, lines.getvalue())


def _write_figures(findings: Findings, folder: Path) -> None:
    x, y, *also = findings.objectives
    float_pct = findings.header.float_accuracy.test_top1_pct
    front = pareto(findings.points, x, y, also=also, float_pct=float_pct)
    save_figure(front, folder / "pareto")
    save_figure(by_bits(findings.points, float_pct=float_pct), folder / "by_bits")


def tabulated(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return `rows` as a table of words and numbers, the columns most asked for first."""
    others = [name for name in rows.columns if name not in {*_FIRST_COLUMNS, _NOT_FOR_TABLES}]
    return rows[[*_FIRST_COLUMNS, *others]]


def _csv(rows: "pd.DataFrame") -> str:
    """Return `rows` as CSV, floats with all their digits."""
    return tabulated(rows).to_csv(index=False, lineterminator="\n")
