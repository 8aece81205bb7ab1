"""What others published about the cost of minifloats, and whether we measure the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dse.formats import parse_format
from hw_models.arith.cell import Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.calibration.formats_compared import (
    FORMATS,
    LANES,
    OTHER_TERMS,
    TERMS,
    Accumulator,
    Cell,
    Comparison,
)

TOLERANCE_POINTS = 10.0
"""A measured figure this far from a published one still agrees with it [percentage points]."""

VAN_BAALEN = "van Baalen et al., arXiv 2303.17951 (2023)"
DAMSGAARD = "Damsgaard et al., IEEE TCAD 44(6):2181-2194 (2025)"

_FP8 = "e4m3"
_PAIRS = (
    (Accumulator.FP16_PRUNED, Accumulator.FP16_GENERAL),
    (Accumulator.FP32_PRUNED, Accumulator.FP32_GENERAL),
)
_ANALYTICAL = "the published gates come from an analytical count, ours from synthesis"
_PRUNED = "pruned: leaves out what sums from clear never reach, subnormals among it"
_GENERAL = "general: subnormals and infinities kept for every content of the accumulator"
_SHORT_SUM = (
    f"a sum of {OTHER_TERMS} makes the INT8 reference narrower than the published one, which "
    f"allows for {TERMS} products, and the ratio greater"
)
_FLIP_FLOPS = "flip-flops, on both sides, pull the ratio towards that of the accumulators' widths"
_SMALL_SHIFT = (
    "the significands' product is smaller than the integer one and its range short, which pays "
    "for the shift"
)
_TABLE = "products of so few bits are tables in 6-input LUTs, with nothing to shift"
_LONG_RANGE = "the range of the exact product makes shifter and accumulator wide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published figure, or a band.

    Args:
        source: Where it was published.
        low_pct: Least extra cost over the integer [%].
        high_pct: Greatest; equal to the least for a single figure.
    """

    source: str
    low_pct: float
    high_pct: float

    def agrees(self, measured_pct: float) -> bool:
        """Return whether `measured_pct` lies in the band, or near enough to the figure."""
        slack = TOLERANCE_POINTS if self.low_pct == self.high_pct else 0.0
        return self.low_pct - slack <= measured_pct <= self.high_pct + slack

    def __str__(self) -> str:
        if self.low_pct == self.high_pct:
            return f"{self.low_pct:+.0f} %"
        return f"{self.low_pct:+.0f} to {self.high_pct:+.0f} %"


FP16_GATES = Published(source=VAN_BAALEN, low_pct=53, high_pct=53)
FP32_GATES = Published(source=VAN_BAALEN, low_pct=183, high_pct=183)
FPGA_BAND = Published(source=DAMSGAARD, low_pct=20, high_pct=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A measured figure beside a published one.

    Attributes:
        cell: What was measured.
        reference: What it is relative to.
        measure: By what.
        measured_pct: Extra cost over the reference [%].
        published: What was published.
        reason: Why they differ, where it is known; empty where they agree.
    """

    cell: Cell
    reference: Cell
    measure: str
    measured_pct: float
    published: Published
    reason: str

    @property
    def word(self) -> str:
        """Return ``agrees`` or ``differs``."""
        return "agrees" if self.published.agrees(self.measured_pct) else "differs"


def gate_verdicts(comparison: Comparison) -> Iterator[Verdict]:
    """Yield E4M3 with floating-point accumulators against exact INT8, in gates.

    What was not measured is left out.
    """
    for accumulator, published in (
        (Accumulator.FP16_PRUNED, FP16_GATES),
        (Accumulator.FP16_GENERAL, FP16_GATES),
        (Accumulator.FP32_PRUNED, FP32_GATES),
        (Accumulator.FP32_GENERAL, FP32_GATES),
    ):
        cell = Cell(format_name=_FP8, accumulator=accumulator, lanes=1, terms=0)
        for terms in (TERMS, OTHER_TERMS):
            reference = Cell(
                format_name="int8", accumulator=Accumulator.EXACT, lanes=1, terms=terms
            )
            for measure in ("gates", "gates with FF"):
                yield from _verdict(comparison, cell, reference, measure, published)


def lut_verdicts(comparison: Comparison) -> Iterator[Verdict]:
    """Yield exact minifloats against exact integers of the same width, in LUTs of both devices.

    What was not measured is left out.
    """
    for measure in ("xcup LUT", "ecp5 LUT"):
        for name in FORMATS:
            for lanes in LANES:
                cell = Cell(
                    format_name=name, accumulator=Accumulator.EXACT, lanes=lanes, terms=TERMS
                )
                if not name.startswith("int"):
                    reference = cell.reference(f"int{cell.bits}")
                    yield from _verdict(comparison, cell, reference, measure, FPGA_BAND)


def _verdict(
    comparison: Comparison, cell: Cell, reference: Cell, measure: str, published: Published
) -> Iterator[Verdict]:
    measured = comparison.more_pct(cell, reference, measure)
    if measured is not None:
        is_above = measured > published.high_pct
        yield Verdict(
            cell=cell,
            reference=reference,
            measure=measure,
            measured_pct=measured,
            published=published,
            reason="; ".join(_reasons(comparison, cell, reference, measure, is_above))
            if not published.agrees(measured)
            else "",
        )


def _reasons(
    comparison: Comparison, cell: Cell, reference: Cell, measure: str, is_above: bool
) -> Iterator[str]:
    """Yield what is known to push a figure that far above, or below, the published one."""
    if cell.accumulator is Accumulator.EXACT:
        fmt = parse_format(cell.format_name)
        if is_above:
            yield _LONG_RANGE
            return
        lane = Lane(product=product(fmt, fmt), style=Style.XILINX, in_mac=True)
        yield _TABLE if measure == "xcup LUT" and lane.is_table else _SMALL_SHIFT
        return
    yield _ANALYTICAL
    pruning_saves = any(
        cell.accumulator in pair and _saves(comparison, cell, pair, measure) for pair in _PAIRS
    )
    is_general = any(cell.accumulator is general for _, general in _PAIRS)
    if pruning_saves and is_general and is_above:
        yield _GENERAL
    if pruning_saves and not is_general and not is_above:
        yield _PRUNED
    if is_above and reference.terms == OTHER_TERMS:
        yield _SHORT_SUM
    if not is_above and measure.endswith("FF"):
        yield _FLIP_FLOPS


def _saves(
    comparison: Comparison, cell: Cell, pair: tuple[Accumulator, Accumulator], measure: str
) -> bool:
    """Return whether the first accumulator of `pair` makes `cell` cheaper than the second."""
    pruned, general = (replace(cell, accumulator=accumulator) for accumulator in pair)
    more = comparison.more_pct(general, pruned, measure)
    return more is not None and more > 0
