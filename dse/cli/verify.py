"""``bitfront verify``: the RTL of a build against golden against QONNX, and faults put into it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dse.api.images import images_for
from dse.cli.images import OPTION
from dse.errors import VerificationError


def verify(
    build: Annotated[Path, typer.Argument(help="Folder of a build.")],
    images: Annotated[str, typer.Option(help=OPTION)] = "20",
    count: Annotated[
        int | None, typer.Option(help="Images of a data set.", min=1, show_default="all")
    ] = None,
    mutations: Annotated[
        int, typer.Option(help="Faults to put in; each must be noticed.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of stalls, drawn images and faults.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Verify a build again, on other images: RTL, golden and QONNX must agree."""
    from dse.api.progress import progress_bars
    from hw_models.build.check import check, rebuilt
    from hw_models.build.report import Report

    made = rebuilt(Report.read(build), build)
    codes = images_for(made.model.input, images, count, seed)
    with progress_bars() as progress:
        found = check(build, made, codes, faults=mutations, seed=seed, progress=progress)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
    else:
        rtl, qonnx = found.rtl, found.qonnx
        typer.echo(
            f"RTL against golden: {rtl.words_different} of {rtl.words_compared} words differ "
            f"({codes.source})"
        )
        typer.echo(
            f"golden against QONNX: another output is largest on {qonnx.different} of "
            f"{qonnx.images} images; the greatest difference is {qonnx.greatest_difference:.1e} "
            "of the largest output"
        )
        caught = len(found.mutations) - len(found.missed)
        if found.mutations:
            typer.echo(f"mutations: {caught} of {len(found.mutations)} noticed")
    if found.missed:
        raise VerificationError(f"faults not noticed: {'; '.join(found.missed)}")
