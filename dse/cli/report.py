"""``bitfront report``: a study's tables, figures, text and page, made anew from its database."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dse.errors import DesignError


def report(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    page: Annotated[
        Path | None,
        typer.Argument(help="With --html: file to write.", show_default="STUDY/explore.html"),
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Write one HTML file to explore instead, nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Write a study's report, tables and figures from its database alone.

    With --html, write one file instead that opens from disk in any browser: every point, its front
    in any two columns, filters, and what each point is made of.
    """
    if html:
        _write_page(study, page, as_json)
        return
    if page is not None:
        raise DesignError(f"{page} is the file of a page; add --html, or leave it out")
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


def _write_page(study: Path, file: Path | None, as_json: bool) -> None:
    from dse.report.page import write_page

    written = write_page(study, file)
    summary = asdict(written) | {"file": str(written.file)}
    typer.echo(json.dumps(summary, indent=2) if as_json else written.file)
