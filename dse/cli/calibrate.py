"""``bitfront calibrate``: synthesise the cells of a device and fit its cost model to them."""

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    device: Annotated[str, typer.Option(help="FPGA family: ecp5, xcup or ice40.")],
    jobs: Annotated[int, typer.Option(help="Runs of Yosys at a time.", min=1)] = 1,
    keep_cells: Annotated[
        bool, typer.Option("--keep-cells", help="Synthesise matrix units only, not every cell.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for tables and figures of the model's errors."),
    ] = None,
) -> None:
    """Synthesise every product cell of a device, refit its cost model, and say how good it is.

    What was synthesised before is remembered, so an interrupted calibration goes on.
    """
    from dse.api.progress import progress_bars
    from dse.report.calibration import write_calibration
    from hw_models.calibration.calibrate import calibrate as run
    from hw_models.calibration.calibrate import judge

    try:
        with progress_bars() as progress:
            rows = run(device, keeps_cells=keep_cells, processes=jobs, progress=progress)
            if report is not None:
                judged = judge(device, rows, processes=jobs, progress=progress)
                write_calibration(judged, report, keeps_cells=keep_cells)
    except KeyboardInterrupt:
        typer.echo("stopped; what was synthesised is kept, the same command goes on", err=True)
        raise
    typer.echo(f"{len(rows)} cells of {device} in the cost model's tables")
    if report is not None:
        typer.echo(f"{report / 'README.md'}")
