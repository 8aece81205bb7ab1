"""``bitfront bit-exact``: how exactly the RTL of builds, golden and Brevitas agree, as a page."""

from pathlib import Path
from typing import Annotated

import typer


def bit_exact(
    builds: Annotated[list[Path], typer.Argument(help="Folders of builds.")],
    out: Annotated[Path, typer.Option(help="Folder of the page.")],
) -> None:
    """Put builds side by side: RTL against golden, golden against Brevitas, cycles, faults."""
    from dse.api.progress import progress_bars
    from dse.quant.agreement import agreement_of
    from dse.report.bit_exact import bit_exact_row, write_bit_exact
    from hw_models.build.check import Check
    from hw_models.build.report import Report
    from hw_models.frontend import read_model

    rows = []
    with progress_bars() as progress:
        for number, build in enumerate(builds):
            progress("builds", number, len(builds))
            report = Report.read(build)
            file = Path(report.model)
            agreement = agreement_of(file, read_model(file), progress)
            rows.append(bit_exact_row(report, Check.read(build), agreement))
        progress("builds", len(builds), len(builds))
    write_bit_exact(rows, out)
    typer.echo(f"{len(rows)} builds in {out}")
