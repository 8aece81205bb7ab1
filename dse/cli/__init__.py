"""The command line: one file per verb; heavy imports happen inside the verbs."""

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from dse import __version__
from dse.cli.accelerators import accelerators
from dse.cli.bench_samplers import bench_samplers
from dse.cli.bit_exact import bit_exact
from dse.cli.build import build
from dse.cli.calibrate import calibrate
from dse.cli.cells import cells
from dse.cli.cost import cost
from dse.cli.explore import explore
from dse.cli.export import export
from dse.cli.finn import finn
from dse.cli.fmax import fmax
from dse.cli.formats import formats
from dse.cli.fp8_vs_int8 import fp8_vs_int8
from dse.cli.pareto import pareto
from dse.cli.plot import plot
from dse.cli.report import report
from dse.cli.run import run
from dse.cli.search import search
from dse.cli.sensitivity import sensitivity
from dse.cli.status import status
from dse.cli.tools import tools
from dse.cli.train import train
from dse.cli.verify import verify
from dse.errors import BitfrontError

_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM

app = typer.Typer(name="bitfront", add_completion=False)
for verb in (
    accelerators,
    bench_samplers,
    bit_exact,
    build,
    calibrate,
    cells,
    cost,
    explore,
    export,
    fmax,
    formats,
    fp8_vs_int8,
    pareto,
    plot,
    report,
    run,
    search,
    sensitivity,
    status,
    tools,
    train,
    verify,
):
    app.command()(verb)
app.add_typer(finn, name="finn")


@app.callback(invoke_without_command=True)
def bitfront(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Explore number formats of neural networks: accuracy against hardware cost on FPGAs."""
    if version:
        typer.echo(f"bitfront {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> int:
    """Run the command line and return its exit code.

    Errors of ours and of usage become one line on standard error: code 2 if the user can put them
    right, 3 for an external tool's. 130 and 143 after Ctrl-C and SIGTERM, after cleaning up.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = typer.main.get_command(app).main(prog_name="bitfront", standalone_mode=False)
    except typer.TyperException as error:
        return _failed(error.format_message(), error.exit_code)
    except BitfrontError as error:
        return _failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return int(code or 0)


def _failed(message: str, code: int) -> int:
    typer.echo(f"bitfront: {' '.join(message.split())}", err=True)
    return code


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(_TERMINATED)
