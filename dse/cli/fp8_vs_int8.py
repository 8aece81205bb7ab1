"""``bitfront fp8-vs-int8``: what 8-bit floating point costs beside INT8, synthesised."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer


def fp8_vs_int8(
    out: Annotated[Path, typer.Option(help="Folder for the page, tables and figures.")],
    jobs: Annotated[int, typer.Option(help="Runs of Yosys at a time.", min=1)] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Compare minifloats with integers of 4, 6 and 8 bits in gates, transistors and LUTs.

    What was synthesised before is remembered, so an interrupted comparison goes on.
    """
    from dse.api.progress import progress_bars
    from dse.files import require_writable_folder
    from dse.report.fp8_vs_int8 import (
        Provenance,
        comparison_json,
        sqnr_of_formats,
        write_fp8_vs_int8,
    )
    from hw_models.calibration.formats_compared import (
        DEVICES,
        Comparison,
        compared_cells,
        measure_cells,
    )
    from hw_models.synth.yosys import version

    require_writable_folder(out)
    with progress_bars() as progress:
        comparison = Comparison.of(
            cost
            for device in DEVICES
            for cost in measure_cells(compared_cells(), device, processes=jobs, progress=progress)
        )
    provenance = Provenance(
        command=f"bitfront fp8-vs-int8 --out {shlex.quote(str(out))}", tool=f"yosys {version()}"
    )
    sqnr_db = sqnr_of_formats()
    write_fp8_vs_int8(comparison, sqnr_db, provenance, out)
    if as_json:
        typer.echo(json.dumps(comparison_json(comparison, sqnr_db, provenance), indent=1))
    else:
        typer.echo(out / "README.md")
