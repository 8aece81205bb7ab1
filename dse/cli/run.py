"""``bitfront run``: images through the board of a build, or through a virtual one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.api.images import images_for, labels_for
from dse.cli.images import OPTION

if TYPE_CHECKING:
    from hw_models.build.on_board import OnBoard
    from hw_models.build.report import Report


def run(
    build: Annotated[Path, typer.Argument(help="Folder of a build.")],
    port: Annotated[str, typer.Option(help="Serial port of the board; sim for a virtual one.")],
    images: Annotated[str, typer.Option(help=OPTION)] = "20",
    count: Annotated[
        int | None, typer.Option(help="Images of a data set.", min=1, show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of images that are drawn.", min=0)] = 0,
    program: Annotated[
        bool, typer.Option("--program", help="Put the build's bitstream into the board first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Run images on the board a build was made for, and compare every word with golden."""
    from dse.api.progress import progress_bars
    from dse.errors import VerificationError
    from hw_models.build.check import rebuilt
    from hw_models.build.on_board import run_on_board
    from hw_models.build.report import Report

    report = Report.read(build)
    made = rebuilt(report, build)
    chosen = images_for(made.model.input, images, count, seed)
    labels = labels_for(images, count)
    if program:
        _program(build, report)
    total = len(chosen.codes)
    with progress_bars() as progress:
        found = run_on_board(
            report,
            made,
            chosen,
            labels,
            port,
            build / "virtual_board",
            lambda done: progress("images", done, total),
        )
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
    else:
        _print(found)
    if found.words_different:
        raise VerificationError(
            f"{found.words_different} of {found.words_compared} words from {port} are not golden's"
        )


def _program(folder: Path, report: "Report") -> None:
    """Put the build's bitstream into the board.

    Raises:
        DataError: The build has none.
        DesignError: openFPGALoader does not know the board.
        ToolError: openFPGALoader is missing or fails.
    """
    from dse.errors import DataError
    from hw_models.boards import BOARDS
    from hw_models.host.programmer import program, program_command

    if not report.bitstream:
        raise DataError(f"{folder} was built without a bitstream; build it again with one")
    board, bitstream = BOARDS[report.board], folder / report.bitstream
    typer.echo(" ".join(program_command(board, bitstream)), err=True)
    program(board, bitstream, folder / "program.log")


def _print(found: "OnBoard") -> None:
    """Print the figures, the accelerator's speed apart from the link's."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{found.images} on {found.port}", box=box.SIMPLE, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = [("words different from golden", f"{found.words_different} of {found.words_compared}")]
    if found.top1_pct is not None:
        rows.append(("top-1, %", f"{found.top1_pct:.2f}"))
    rows += [
        ("compute, frames per second", f"{found.compute_fps:.6g}"),
        ("link, frames per second", f"{found.link_fps:.4g}"),
        ("sent again", f"{found.resent}"),
    ]
    for row in rows:
        table.add_row(*row)
    Console().print(table)
