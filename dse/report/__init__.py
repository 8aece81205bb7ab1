"""What a study found, as values and as files: tables, figures and text."""

from dse.report.findings import Findings, WidthFinding, find
from dse.report.write import read_findings, tabulated, write_report

__all__ = ["Findings", "WidthFinding", "find", "read_findings", "tabulated", "write_report"]
