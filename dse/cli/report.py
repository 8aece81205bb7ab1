"""``bitfront report``: a study's tables, figures and text, made anew from its database."""

import json
from pathlib import Path
from typing import Annotated

import typer


def report(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Write a study's report, tables and figures from its database alone."""
    from dse.cli.point_table import point_rows
    from dse.report import write_report

    findings = write_report(study)
    if not as_json:
        typer.echo(study / "report.md")
        return
    summary = {
        "report": str(study / "report.md"),
        "n_points": len(findings.evaluations),
        "n_planned": findings.n_planned,
        "n_front": len(findings.front),
        "hypervolume": findings.hypervolume,
        "interesting": list(point_rows(findings.interesting)),
    }
    typer.echo(json.dumps(summary, indent=2))
