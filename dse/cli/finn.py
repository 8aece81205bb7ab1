"""``bitfront finn``: integer networks through FINN, in an environment of its own."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dse.cli.progress import progress_bars

if TYPE_CHECKING:
    from hw_models.finn.build import FinnBuild

finn = typer.Typer(help="Integer networks through FINN.", no_args_is_help=True)

_Model = Annotated[Path, typer.Argument(help="QONNX file of an integer network.")]
_Out = Annotated[Path, typer.Option(help="Folder for FINN's files and log.")]
_Board = Annotated[str, typer.Option(help="FINN's name of the board.")]
_Fps = Annotated[float, typer.Option(help="Frames per second to fold for.", min=1.0)]
_Clock = Annotated[float, typer.Option("--clock", help="Clock [MHz].", min=1.0)]
_Json = Annotated[bool, typer.Option("--json", help="Print a JSON object.")]


@finn.command()
def setup(
    again: Annotated[bool, typer.Option("--again", help="Make it anew.")] = False,
) -> None:
    """Make FINN's Python environment, once: 2.3 GB, some minutes."""
    from hw_models.finn.environment import setup as make

    with progress_bars() as progress:
        found = make(progress, again=again)
    typer.echo(f"finn-plus {found.version} is ready: {found.path}")


@finn.command()
def estimate(
    model: _Model,
    out: _Out,
    board: _Board = "Pynq-Z1",
    fps: _Fps = 10_000.0,
    clock: _Clock = 100.0,
    as_json: _Json = False,
) -> None:
    """Let FINN fold a network, estimate it and write its RTL; no Vivado is needed."""
    from hw_models.finn.build import build as run_finn
    from hw_models.finn.build import to_json
    from hw_models.frontend import read_model

    network = read_model(model)
    made = run_finn(network, out, board=board, clock_mhz=clock, fps=fps)
    if as_json:
        typer.echo(json.dumps(to_json(made), indent=2))
    else:
        _print(made, out)


def _print(made: "FinnBuild", out: Path) -> None:
    """Print FINN's layers with its own estimates, and what they leave out."""
    table = Table(title=f"finn-plus {made.version}, {made.board}, {made.clock_mhz:g} MHz")
    for heading in ("layer", "PE", "SIMD", "cycles", "LUT", "DSP", "BRAM18"):
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    for layer in made.layers:
        taken = layer.resources
        numbers = (layer.pe, layer.simd, layer.cycles, taken.lut, taken.dsp, taken.bram18)
        table.add_row(layer.name, *(str(number) for number in numbers))
    total = made.resources
    table.add_row("sum", "", "", "", str(total.lut), str(total.dsp), str(total.bram18))
    Console().print(table)
    typer.echo(f"FINN estimates {made.fps:.0f} frames/s, latency {made.latency_us:.1f} µs")
    if made.without_estimate:
        typer.echo(f"0 LUT means FINN has no estimate: {', '.join(made.without_estimate)}")
    hls = [layer.name for layer in made.layers if not layer.is_rtl]
    if hls:
        typer.echo(f"HLS, since FINN has no RTL for it: {', '.join(hls)}")
    typer.echo(f"FINN's graphs, reports and code: {out}")
