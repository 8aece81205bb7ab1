"""``bitfront accelerators``: builds side by side, with their accuracy, as a table."""

from pathlib import Path
from typing import Annotated

import typer

from dse.api.images import images_for, labels_for
from dse.errors import DataError


def accelerators(
    builds: Annotated[list[Path], typer.Argument(help="Folders of builds.")],
    data: Annotated[str, typer.Option(help="Data set whose test images give the accuracy.")],
    out: Annotated[Path, typer.Option(help="Folder of the table.")],
) -> None:
    """Put builds of one network side by side: accuracy, resources, clock, frame rate."""
    from dse.report.accelerators import accelerator, write_accelerators
    from hw_models.build.report import Report
    from hw_models.frontend import read_model

    labels = labels_for(data, None)
    if labels is None:
        raise DataError(f"--data {data}: name a data set, whose labels give the accuracy")
    rows = []
    for build in builds:
        report = Report.read(build)
        model = read_model(Path(report.model))
        rows.append(accelerator(report, model, images_for(model.input, data, None, 0), labels))
    write_accelerators(rows, out)
    typer.echo(f"{len(rows)} builds in {out}")
