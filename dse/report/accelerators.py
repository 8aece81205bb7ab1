"""Tables of builds: the same network in several formats, side by side."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
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

_COUNTED = ("estimate", "synthesis", "board_synthesis", "placed")
_RESOURCES = ("lut", "ff", "dsp", "bram18")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """A row of the tables.

    Attributes:
        model: Name of the QONNX file.
        board: Board.
        fold: Folding, as it was asked for.
        n_test: Images of the accuracy.
        top1_pct: Those whose greatest output is the label's, by golden [%].
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
    fold: str
    n_test: int
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
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if name in _COUNTED:
                row |= {f"{name}_{kind}": getattr(value, kind, "") for kind in _RESOURCES}
            else:
                row[name] = value
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
        fold=report.fold,
        n_test=len(labels),
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
    sections = [_HEAD, *(section.markdown(rows) for section in _SECTIONS)]
    replace_atomically(folder / "README.md", "\n".join(sections))


def _pair(predicted: float, found: float) -> str:
    return f"{predicted:.10g} / {found:.10g}"


def _alone(row: Accelerator, name: str) -> str:
    """Return a resource of the accelerator: estimated, synthesised."""
    return _pair(getattr(row.estimate, name), getattr(row.synthesis, name))


def _board(row: Accelerator, name: str) -> str:
    """Return a resource of the whole board: estimated but for the link, synthesised, placed."""
    if row.board_synthesis is None or row.placed is None:
        return ""
    board, core = getattr(row.board_synthesis, name), getattr(row.synthesis, name)
    estimate = getattr(row.estimate, name) + board - core
    return f"{estimate} / {board} / {getattr(row.placed, name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A table with its title, what is said above it, and what each column shows of a row."""

    title: str
    text: str
    columns: dict[str, Callable[[Accelerator], str]]

    def markdown(self, rows: Sequence[Accelerator]) -> str:
        """Return the section; its first two columns name the build."""
        columns = {
            "build": lambda row: escape(row.model),
            "board": lambda row: escape(row.board),
            **self.columns,
        }
        cells = [[show(row) for show in columns.values()] for row in rows]
        sides = "ll" + "r" * len(self.columns)
        return f"## {self.title}\n\n{self.text}\n\n{table(list(columns), cells, sides)}"


_HEAD = """# Accelerators

One build a row. Its RTL was simulated under random stalls and compared with exact integers, word by
word. Energy was not measured.
"""
_SECTIONS = (
    _Section(
        title="What it computes, and how fast",
        text="Accuracy is that of exact integers on all test images. Cycles are predicted / "
        "simulated. Frames per second are the accelerator's, without the UART.",
        columns={
            "top-1, %": lambda row: f"{row.top1_pct:.2f}",
            "test images": lambda row: str(row.n_test),
            "words different": lambda row: f"{row.words_different} of {row.words_compared}",
            "folded for": lambda row: escape(row.fold),
            "cycles a frame": lambda row: _pair(row.ii_cycles, row.measured_interval_cycles),
            "latency, cycles": lambda row: _pair(row.latency_cycles, row.measured_latency_cycles),
            "clock, MHz": lambda row: f"{row.clock_mhz:.4g}",
            "frames/s": lambda row: f"{row.compute_fps:.0f}",
        },
    ),
    _Section(
        title="The accelerator alone",
        text="Estimated / counted after synthesis.",
        columns={
            "LUT": lambda row: _alone(row, "lut"),
            "LUT error, %": lambda row: f"{row.lut_error_pct:+.1f}",
            "FF": lambda row: _alone(row, "ff"),
            "DSP": lambda row: _alone(row, "dsp"),
            "block RAM": lambda row: _alone(row, "bram18"),
        },
    ),
    _Section(
        title="The whole board design",
        text="The accelerator with its UART link and clock: estimated / synthesised / placed and "
        "routed. The link has no estimate: what synthesis finds more for the board than for the "
        "accelerator alone stands in. nextpnr's LUTs are TRELLIS_COMB cells on ecp5, of which a "
        "carry chain takes some more than it has adders, and logic cells on ice40, some of which "
        "hold a flip-flop only.",
        columns={
            "LUT": lambda row: _board(row, "lut"),
            "FF": lambda row: _board(row, "ff"),
            "DSP": lambda row: _board(row, "dsp"),
            "block RAM": lambda row: _board(row, "bram18"),
            "Fmax, MHz": lambda row: f"{row.fmax_mhz:.1f}" if row.placed else "",
            "synthesis to bitstream, s": lambda row: f"{row.bitstream_s:.0f}" if row.placed else "",
        },
    ),
)
