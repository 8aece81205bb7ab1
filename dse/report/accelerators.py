"""Tables of builds: the same network in several formats, side by side."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.files import replace_atomically
from dse.report.markdown import escape, table
from hw_models.build.images import TestImages
from hw_models.build.report import Report
from hw_models.model import Model
from hw_models.resources import Resources
from hw_models.sim.golden import golden_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """A row of the tables.

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
        compute_fps: Frames per second of the accelerator alone.
        estimate: What the accelerator takes by the cost model.
        synthesis: The same by synthesis.
        lut_error_pct: LUTs estimated against LUTs synthesised [%].
        board_synthesis: What the whole board design takes by synthesis, the UART link included;
            `None` without.
        placed: The same after place and route.
        fmax_mhz: Greatest clock after place and route; 0 without [MHz].
        clock_mhz: Clock [MHz].
        bitstream_s: Time from the RTL to the bitstream, unpacked again; 0 without [s].
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
    compute_fps: float
    estimate: Resources
    synthesis: Resources
    lut_error_pct: float
    board_synthesis: Resources | None
    placed: Resources | None
    fmax_mhz: float
    clock_mhz: float
    bitstream_s: float

    def to_row(self) -> dict[str, object]:
        """Return the fields by name, resources one by one: ``estimate_lut`` and so on."""
        row: dict[str, object] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _COUNTED:
                counts = asdict(value) if value else {}
                row |= {f"{field.name}_{name}": counts.get(name, "") for name in _RESOURCES}
            else:
                row[field.name] = value
        return row


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
        compute_fps=report.compute_fps,
        estimate=report.estimate,
        synthesis=report.synthesis,
        lut_error_pct=report.lut_error_pct,
        board_synthesis=report.board_synthesis,
        placed=report.result,
        fmax_mhz=report.fmax_mhz,
        clock_mhz=report.clock_mhz,
        bitstream_s=report.seconds.get("bitstream", 0.0),
    )


def write_accelerators(rows: Sequence[Accelerator], folder: Path) -> None:
    """Write ``accelerators.csv`` and ``README.md`` into `folder`.

    Raises:
        DataError: They cannot be written.
    """
    records = [row.to_row() for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    replace_atomically(folder / "accelerators.csv", text.getvalue())
    sections = [_HEAD]
    for title, columns in _TABLES.items():
        cells = [[show(row) for show in columns.values()] for row in rows]
        sides = "l" * _NAMES + "r" * (len(columns) - _NAMES)
        sections.append(f"{title}\n\n{table(list(columns), cells, sides)}")
    replace_atomically(folder / "README.md", "\n".join(sections))


def _pair(predicted: float, found: float) -> str:
    return f"{predicted:.6g} / {found:.6g}"


def _board(row: Accelerator, name: str) -> str:
    """Return a resource of the whole board: estimate and link, synthesised, placed."""
    if row.board_synthesis is None or row.placed is None:
        return ""
    board, core = getattr(row.board_synthesis, name), getattr(row.synthesis, name)
    estimate = getattr(row.estimate, name) + board - core
    return f"{estimate} / {board} / {getattr(row.placed, name)}"


_COUNTED = ("estimate", "synthesis", "board_synthesis", "placed")
_RESOURCES = ("lut", "ff", "dsp", "bram18")
_NAMES = 2
"""Columns that name a build."""

_HEAD = """# Accelerators

One build a row. Its RTL was simulated under random stalls and compared with exact integers, word by
word. Energy was not measured.
"""

_BUILD: dict[str, Callable[[Accelerator], str]] = {
    "build": lambda row: escape(row.model),
    "board": lambda row: escape(row.board),
}
_TABLES: dict[str, dict[str, Callable[[Accelerator], str]]] = {
    "## What it computes, and how fast\n\nCycles are predicted / simulated; frames per second are "
    "the accelerator's, without the UART.": _BUILD
    | {
        "top-1, %": lambda row: f"{row.top1_pct:.2f}",
        "words different": lambda row: f"{row.words_different} of {row.words_compared}",
        "cycles a frame": lambda row: _pair(row.ii_cycles, row.measured_interval_cycles),
        "latency, cycles": lambda row: _pair(row.latency_cycles, row.measured_latency_cycles),
        "clock, MHz": lambda row: f"{row.clock_mhz:.4g}",
        "frames/s": lambda row: f"{row.compute_fps:.0f}",
    },
    "## The accelerator alone\n\nEstimated / counted after synthesis.": _BUILD
    | {
        "LUT": lambda row: _pair(row.estimate.lut, row.synthesis.lut),
        "LUT error, %": lambda row: f"{row.lut_error_pct:+.1f}",
        "FF": lambda row: _pair(row.estimate.ff, row.synthesis.ff),
        "DSP": lambda row: _pair(row.estimate.dsp, row.synthesis.dsp),
        "block RAM": lambda row: _pair(row.estimate.bram18, row.synthesis.bram18),
    },
    "## The whole board design\n\nThe accelerator with its UART link and clock: estimated / "
    "synthesised / placed and routed. The estimate is the accelerator's, and for the rest what "
    "synthesis finds more for the board than for the accelerator alone. nextpnr's LUTs are "
    "TRELLIS_COMB cells on ecp5, of which a carry chain takes some more than it has adders, and "
    "logic cells on ice40, some of which hold a flip-flop only.": _BUILD
    | {
        "LUT": lambda row: _board(row, "lut"),
        "FF": lambda row: _board(row, "ff"),
        "DSP": lambda row: _board(row, "dsp"),
        "block RAM": lambda row: _board(row, "bram18"),
        "Fmax, MHz": lambda row: f"{row.fmax_mhz:.1f}" if row.placed else "",
        "synthesis to bitstream, s": lambda row: f"{row.bitstream_s:.0f}" if row.placed else "",
    },
}
