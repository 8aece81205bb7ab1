"""A build taken up again from its folder: the design that was verified there, and no other."""

import hashlib
from pathlib import Path

from dse.errors import DataError
from hw_models.boards import BOARDS
from hw_models.build.design import Design, design, fabric_of
from hw_models.build.report import Report
from hw_models.cost import DspUse
from hw_models.folding import Folding
from hw_models.frontend import read_model


def reopen(folder: Path) -> tuple[Report, Design]:
    """Return the report of the build in `folder`, and its design made anew.

    Raises:
        DataError: There is no whole build, its model is gone or has changed, or this version
            writes another design than the one that was built.
    """
    report = Report.read(folder)
    path = Path(report.model)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{folder} was built from {path}: {error.strerror}") from error
    if digest != report.model_sha256:
        raise DataError(f"{path} is not the model {folder} was built from; build again")
    model = read_model(path)
    foldings = [Folding(**report.foldings[mvau.name]) for mvau in model.accelerator.mvaus]
    dsp: DspUse = "auto" if report.dsp == "auto" else "none"
    made = design(model, foldings, fabric_of(BOARDS[report.board], dsp))
    if made.digest() != report.accelerator_sha256:
        raise DataError(f"{folder} was built by another version of bitfront; build again")
    return report, made
