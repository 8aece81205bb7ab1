"""A table of builds: the same network in several formats, side by side."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.files import replace_atomically
from dse.report.markdown import escape, table
from hw_models.build.images import TestImages
from hw_models.build.report import Report
from hw_models.model import Model
from hw_models.sim.golden import golden_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """A row of the table.

    Attributes:
        model: Name of the QONNX file.
        board: Board.
        top1_pct: Images whose greatest output is the label's, by golden [%].
        words_compared: Output elements of the RTL compared with golden.
        words_different: Those that differ.
        ii_cycles: Cycles per frame of the slowest node.
        measured_interval_cycles: The same in simulation.
        latency_cycles: Predicted latency.
        measured_latency_cycles: The same in simulation.
        lut: LUTs of the accelerator, synthesised.
        lut_error_pct: Estimate against that [%].
        ff: Flip-flops, synthesised.
        dsp: DSP blocks, synthesised.
        bram18: Block RAMs, synthesised.
        fmax_mhz: Greatest clock after place and route; 0 without [MHz].
        clock_mhz: Clock [MHz].
        compute_fps: Frames per second of the accelerator alone.
    """

    model: str
    board: str
    top1_pct: float
    words_compared: int
    words_different: int
    ii_cycles: int
    measured_interval_cycles: float
    latency_cycles: int
    measured_latency_cycles: int
    lut: int
    lut_error_pct: float
    ff: int
    dsp: int
    bram18: int
    fmax_mhz: float
    clock_mhz: float
    compute_fps: float


def accelerator(
    report: Report, model: Model, images: TestImages, labels: NDArray[np.int64]
) -> Accelerator:
    """Return the row of one build.

    Args:
        report: Its report.
        model: Its network.
        images: Images for the accuracy.
        labels: Their classes, shape `(n,)`.
    """
    values = model.output.values(golden_outputs(model, images.codes)).reshape(len(labels), -1)
    counted = report.synthesis
    return Accelerator(
        model=Path(report.model).stem,
        board=report.board,
        top1_pct=float(100 * (values.argmax(axis=1) == labels).mean()),
        words_compared=report.words_compared,
        words_different=report.words_different,
        ii_cycles=report.ii_cycles,
        measured_interval_cycles=report.measured_interval_cycles,
        latency_cycles=report.latency_cycles,
        measured_latency_cycles=report.measured_latency_cycles,
        lut=counted.lut,
        lut_error_pct=report.lut_error_pct,
        ff=counted.ff,
        dsp=counted.dsp,
        bram18=counted.bram18,
        fmax_mhz=report.fmax_mhz,
        clock_mhz=report.clock_mhz,
        compute_fps=report.compute_fps,
    )


def write_accelerators(rows: Sequence[Accelerator], folder: Path) -> None:
    """Write ``accelerators.csv`` and ``README.md`` into `folder`.

    Raises:
        DataError: They cannot be written.
    """
    names = [field.name for field in fields(Accelerator)]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    replace_atomically(folder / "accelerators.csv", text.getvalue())
    cells = [[_shown(value) for value in asdict(row).values()] for row in rows]
    sides = "".join("l" if name in ("model", "board") else "r" for name in names)
    head = (
        "# Accelerators\n\n"
        "One build a row: RTL equal to golden, counted after synthesis, timed after place and "
        "route. Energy was not measured.\n\n"
    )
    replace_atomically(folder / "README.md", head + table(names, cells, sides))


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else escape(str(value))
