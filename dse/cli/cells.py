"""``bitfront cells``: what multiply-accumulates of six formats take, beside their aims."""

import shlex
from pathlib import Path
from typing import Annotated

import typer


def cells(
    out: Annotated[Path, typer.Option(help="Folder for the page and the table.")],
    jobs: Annotated[int, typer.Option(help="Runs of Yosys at a time.", min=1)] = 1,
) -> None:
    """Synthesise, and on ecp5 place, the cells of six formats beside what a prototype took."""
    from dse.api.progress import progress_bars
    from dse.files import require_writable_folder
    from dse.report.cells import write_cells
    from hw_models.calibration.cell_counts import DEVICES, count_cells
    from hw_models.synth.yosys import version

    require_writable_folder(out)
    with progress_bars() as progress:
        counts = [
            count
            for device in DEVICES
            for count in count_cells(device, processes=jobs, progress=progress)
        ]
    command = f"bitfront cells --out {shlex.quote(str(out))}"
    write_cells(counts, out, command=command, tool=f"yosys {version()}")
    typer.echo(out / "README.md")
