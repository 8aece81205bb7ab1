"""``bitfront finn``: integer networks through FINN, in an environment of its own."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dse.api.images import images_for
from dse.api.progress import progress_bars
from dse.cli.images import OPTION
from dse.files import replace_atomically
from hw_models.cost import DspUse

if TYPE_CHECKING:
    from hw_models.finn.build import FinnBuild
    from hw_models.folding import Folding
    from hw_models.model import Model

finn = typer.Typer(help="Integer networks through FINN.", no_args_is_help=True)

_Model = Annotated[Path, typer.Argument(help="QONNX file of an integer network.")]
_Out = Annotated[Path, typer.Option(help="Folder for FINN's files and log.")]
_Board = Annotated[str, typer.Option(help="FINN's name of the board.")]
_Fps = Annotated[float, typer.Option(help="Frames per second to fold for.", min=1.0)]
_Folding = Annotated[
    Path | None,
    typer.Option(
        help="PE and SIMD of every layer instead, JSON.", show_default="(by the frame rate)"
    ),
]
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
    folding: _Folding = None,
    clock: _Clock = 100.0,
    as_json: _Json = False,
) -> None:
    """Let FINN fold a network, estimate it and write its RTL; no Vivado is needed."""
    _, made = _run_finn(model, out, board, fps, folding, clock)
    _show(made, out, as_json=as_json)


@finn.command()
def build(
    model: _Model,
    out: _Out,
    board: _Board = "Pynq-Z1",
    fps: _Fps = 10_000.0,
    folding: _Folding = None,
    clock: _Clock = 100.0,
    as_json: _Json = False,
) -> None:
    """Let FINN make a bitstream and its driver for a Zynq board; needs Vivado and Vitis HLS.

    Without them everything up to FINN's code is made, with a script that goes on elsewhere. What
    comes after the code is untried.
    """
    from hw_models.finn.finish import finish, write_script

    network, made = _run_finn(model, out, board, fps, folding, clock)
    options = ["--board", board, "--clock", f"{clock:g}"]
    if folding:
        options += ["--folding", "network.foldings.json"]
        replace_atomically(out / options[-1], folding.read_bytes())
    else:
        options += ["--fps", f"{fps:g}"]
    write_script(out, network, options)
    _show(made, out, as_json=as_json)
    typer.echo(finish(made, out), err=as_json)


@finn.command()
def compare(
    model: _Model,
    out: _Out,
    fps: _Fps = 10_000.0,
    folding: _Folding = None,
    clock: _Clock = 100.0,
    dsp: Annotated[DspUse, typer.Option(help="Our products in DSP blocks too.")] = "none",
    images: Annotated[str, typer.Option(help=OPTION)] = "20",
    count: Annotated[
        int | None, typer.Option(help="Images of a data set.", min=1, show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of drawn images.", min=0)] = 0,
    as_json: _Json = False,
) -> None:
    """Compare FINN with our own hardware at the same PE and SIMD, on Series 7.

    Estimates, counts of Yosys, and cycles under Verilator, layer by layer: a table, a figure.
    """
    from dse.report.finn_compare import Provenance, comparison_json, write_finn_compare
    from hw_models.finn.compare import compare as run_both
    from hw_models.frontend import read_model
    from hw_models.synth.yosys import version

    network = read_model(model)
    taken = images_for(network.input, images, count, seed)
    with progress_bars() as progress:
        comparison = run_both(
            network,
            _foldings(network, fps, folding, clock),
            taken.codes,
            out / f"{model.stem}-work",
            clock_mhz=clock,
            dsp=dsp,
            progress=progress,
        )
    options = [
        *("--out", str(out)),
        *(("--folding", str(folding)) if folding else ("--fps", f"{fps:g}")),
        *("--clock", f"{clock:g}", "--dsp", dsp, "--images", images),
        *(("--count", str(count)) if count else ()),
        *("--seed", str(seed)),
    ]
    provenance = Provenance(
        network=model.stem,
        command=shlex.join(["bitfront", "finn", "compare", model.name, *options]),
        tool=f"yosys {version()}",
        images=taken.source,
    )
    write_finn_compare(comparison, provenance, out)
    if as_json:
        typer.echo(json.dumps(comparison_json(comparison, provenance), indent=2))
    else:
        typer.echo(out / f"{model.stem}.md")


def _run_finn(
    path: Path, out: Path, board: str, fps: float, folding: Path | None, clock: float
) -> "tuple[bytes, FinnBuild]":
    """Return the network's file, and what FINN made of it."""
    from hw_models.finn.build import build as run_finn
    from hw_models.frontend import read_model

    network = read_model(path)
    foldings = _foldings(network, fps, folding, clock) if folding else ()
    made = run_finn(network, out, board=board, clock_mhz=clock, fps=fps, foldings=foldings)
    return path.read_bytes(), made


def _foldings(
    network: "Model", fps: float, folding: Path | None, clock_mhz: float
) -> "tuple[Folding, ...]":
    """Return the foldings in a file, or else the cheapest that reach a frame rate."""
    from hw_models.build.fold import read_foldings
    from hw_models.folding import fold_to_fps

    if folding:
        return read_foldings(folding, network.accelerator)
    return fold_to_fps(network.accelerator, fps, clock_mhz)


def _show(made: "FinnBuild", out: Path, *, as_json: bool) -> None:
    from hw_models.finn.build import to_json

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
