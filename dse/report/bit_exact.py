"""A page of builds: how exactly RTL, golden and Brevitas agree, how well cycles are predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dse.report.rows import write_rows
from hw_models.build.check import Check
from hw_models.build.report import Report

if TYPE_CHECKING:
    from dse.quant.agreement import Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class BitExact:
    """A row of the page. What a build cannot tell is `None`.

    Attributes:
        model: Name of the QONNX file.
        fold: Folding, as asked for.
        images: Images that the RTL was simulated on, with gaps and back-pressure.
        words_compared: Output elements of the RTL compared with golden.
        words_different: Those that differ.
        ii_cycles: Cycles per frame of the slowest node.
        measured_interval_cycles: The same in simulation, without stalls.
        latency_cycles: Predicted latency.
        measured_latency_cycles: The same in simulation.
        least_codes_pct: Part of its codes that the quantizer that uses the fewest gave [%].
        mutations: Faults put into the RTL.
        mutations_caught: Those that verification noticed.
        test_images: Images that golden was compared with Brevitas on.
        golden_top1_pct: As in `Agreement`.
        brevitas_top1_pct: As in `Agreement`.
        disagreeing: As in `Agreement`.
    """

    model: str
    fold: str
    images: str
    words_compared: int
    words_different: int
    ii_cycles: int
    measured_interval_cycles: float
    latency_cycles: int
    measured_latency_cycles: int
    least_codes_pct: float
    mutations: int | None
    mutations_caught: int | None
    test_images: int | None
    golden_top1_pct: float | None
    brevitas_top1_pct: float | None
    disagreeing: int | None


def bit_exact_row(report: Report, check: Check | None, agreement: "Agreement | None") -> BitExact:
    """Return the row of one build.

    Args:
        report: Its report.
        check: Its last check, if there was one.
        agreement: Of golden with Brevitas, if its file says what it was made from.
    """
    shares = [used / report.codes_possible[name] for name, used in report.codes_used.items()]
    faults = check if check and check.mutations else None
    return BitExact(
        model=Path(report.model).stem,
        fold=report.fold,
        images=report.images,
        words_compared=report.words_compared,
        words_different=report.words_different,
        ii_cycles=report.ii_cycles,
        measured_interval_cycles=report.measured_interval_cycles,
        latency_cycles=report.latency_cycles,
        measured_latency_cycles=report.measured_latency_cycles,
        least_codes_pct=100 * min(shares, default=1.0),
        mutations=len(faults.mutations) if faults else None,
        mutations_caught=len(faults.mutations) - len(faults.missed) if faults else None,
        test_images=agreement.images if agreement else None,
        golden_top1_pct=agreement.golden_top1_pct if agreement else None,
        brevitas_top1_pct=agreement.brevitas_top1_pct if agreement else None,
        disagreeing=agreement.disagreeing if agreement else None,
    )


def write_bit_exact(rows: Sequence[BitExact], folder: Path) -> None:
    """Write ``bit-exact.csv`` and ``README.md`` into `folder`.

    Raises:
        DataError: They cannot be written.
    """
    text = (
        "One build a row. The RTL was simulated with random gaps and back-pressure and every word "
        "compared with golden; cycles were measured without stalls. Golden, which sums exactly, "
        "was compared with the Brevitas network, which sums in float32, on the whole test set. "
        "Empty cells were not measured."
    )
    write_rows(rows, folder, "bit-exact", title="Bit-exact accelerators", text=text)
