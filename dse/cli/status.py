"""``bitfront status``: how far a study is, from another terminal."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer


def status(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print how far a study is, its rate, the time left, and the hypervolume so far.

    Nothing is written, so it may be asked while the study runs.
    """
    from dse.report.status import status_of

    found = status_of(study)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
        return
    rate = "" if found.per_minute is None else f", {found.per_minute:.1f} a minute"
    left = (
        ""
        if found.seconds_left is None
        else f", {timedelta(seconds=round(found.seconds_left))} left"
    )
    typer.echo(f"{found.known} of {found.wanted} points{rate}{left}")
    if found.ended:
        typer.echo(f"{found.ended} ended early, sure to be dominated")
    if found.failed:
        typer.echo(f"{found.failed} failed: a training diverged, or workers died of it")
    typer.echo(f"{found.front} on the front, hypervolume {found.hypervolume:.3f}")
    typer.echo("nobody is working on it" if found.writer is None else f"process {found.writer}")
