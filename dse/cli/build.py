"""``bitfront build``: a QONNX file as verified RTL and as a board's bitstream."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.images import OPTION
from dse.point import Dsp

if TYPE_CHECKING:
    from hw_models.build import Report


def build(
    model: Annotated[Path, typer.Argument(help="QONNX file.")],
    board: Annotated[str, typer.Option(help="Board, e.g. ulx3s-85f.")],
    out: Annotated[Path, typer.Option(help="Folder of the build; a killed one goes on.")],
    fold: Annotated[
        str, typer.Option(help="auto (40 % of the board), fps=N, or a JSON file of foldings.")
    ] = "auto",
    clock: Annotated[
        float | None, typer.Option(help="Clock in MHz.", show_default="the family's nominal one")
    ] = None,
    images: Annotated[str, typer.Option(help=OPTION)] = "20",
    count: Annotated[
        int | None, typer.Option(help="Images of a data set.", min=1, show_default="all")
    ] = None,
    dsp: Annotated[Dsp, typer.Option(help="Whether DSP blocks may multiply.")] = "none",
    seed: Annotated[int, typer.Option(help="Of stalls, drawn images and the placer.", min=0)] = 0,
    no_bitstream: Annotated[
        bool, typer.Option("--no-bitstream", help="Stop after synthesis.")
    ] = False,
    program: Annotated[
        bool, typer.Option("--program", help="Put the bitstream into the board.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Build a network: RTL, its verification, synthesis, place and route, bitstream, report."""
    from dse.api.build import build as build_network

    report = build_network(
        model,
        board,
        out=out,
        fold=fold,
        clock_mhz=clock,
        images=images,
        count=count,
        dsp=dsp,
        seed=seed,
        bitstream=not no_bitstream,
        say=_say,
    )
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1))
    else:
        _print(report, out)
    if report.bitstream:
        _offer(report, out, program)


def _offer(report: "Report", folder: Path, is_wanted: bool) -> None:
    """Say how the bitstream gets into the board, and put it there if that is wanted."""
    from dse.errors import DesignError
    from hw_models.boards import BOARDS
    from hw_models.host.programmer import program, program_command

    board, bitstream = BOARDS[report.board], folder / report.bitstream
    try:
        _say(f"to program the board: {' '.join(program_command(board, bitstream))}")
    except DesignError as error:
        if is_wanted:
            raise
        _say(str(error))
    if is_wanted:
        program(board, bitstream, folder / "program.log")


def _say(sentence: str) -> None:
    typer.echo(f"bitfront: {sentence}", err=True)


def _print(report: "Report", folder: Path) -> None:
    """Print the figures a user asks for first."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{Path(report.model).name} on {report.board}", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for heading in ("", "predicted", "found"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = report.summary()
    if report.bitstream:
        rows.insert(-1, ("bitstream", "", str(folder / report.bitstream)))
    for row in rows:
        table.add_row(*row)
    Console().print(table)
