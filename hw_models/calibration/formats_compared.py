"""What formats of equal width cost, with exact and with floating-point accumulators."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from dse.formats import parse_format
from dse.progress import Progress
from hw_models.arith.cell import STYLES, Dot, Mac
from hw_models.arith.float_accumulator import FP16, FP32, FloatMac
from hw_models.rtl.cell import Rtl, emit_dot, emit_mac
from hw_models.rtl.float_mac import emit_float_dot, emit_float_mac
from hw_models.synth.count import FLIP_FLOP_TRANSISTORS, NAND_TRANSISTORS, Synthesis
from hw_models.synth.synthesis import CACHE, synthesise

FORMATS = ("int8", "e2m5", "e3m4", "e4m3", "e5m2", "int6", "e2m3", "e3m2", "int4", "e2m1")
"""Formats of weights and activations alike, by width."""
TERMS = 4096
"""Products per sum: as many extreme ones as van Baalen et al. (2303.17951) allow for."""
OTHER_TERMS = 1024
"""A second length, to see how much of a ratio is the length of the sum."""
LANES = (1, 8, 32, 64)
"""Products per clock; 1 is a multiply-accumulate."""
DEVICES = ("gates", "xcup", "ecp5")

_BATCH = 12


class Accumulator(StrEnum):
    """What sums products up."""

    EXACT = "exact"
    """Fixed point, wide enough for every sum."""
    FP16_PRUNED = "FP16, pruned: sums start from clear"
    """Rounds, and is right about every sum that starts with clear."""
    FP16_GENERAL = "FP16, general"
    """Rounds, and is right about every content of the accumulator."""
    FP32_PRUNED = "FP32, pruned: sums start from clear"
    FP32_GENERAL = "FP32, general"


_FLOATS = {
    Accumulator.FP16_PRUNED: (FP16, False),
    Accumulator.FP16_GENERAL: (FP16, True),
    Accumulator.FP32_PRUNED: (FP32, False),
    Accumulator.FP32_GENERAL: (FP32, True),
}


DOT_ACCUMULATORS = (Accumulator.FP16_PRUNED, Accumulator.FP32_PRUNED)
"""Floating-point accumulators of dot products, which round an exact sum over the lanes once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that is compared.

    Args:
        format_name: Format of weights and of activations.
        accumulator: What sums up.
        lanes: Products per clock.
        terms: Products per sum; 0 where the accumulator's width does not follow from them.
    """

    format_name: str
    accumulator: Accumulator
    lanes: int
    terms: int

    @property
    def bits(self) -> int:
        """Width of the format [bits]."""
        return parse_format(self.format_name).bits

    def reference(self, format_name: str) -> "Cell":
        """Return the exact cell of `format_name` with as many lanes."""
        return Cell(
            format_name=format_name,
            accumulator=Accumulator.EXACT,
            lanes=self.lanes,
            terms=self.terms or TERMS,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One way to say what a cell costs.

    Attributes:
        name: What it is called.
        device: For what the cell is synthesised.
        of: The cost in a result of synthesis.
    """

    name: str
    device: str
    of: Callable[[Synthesis], int]


MEASURES = (
    Measure(name="gates", device="gates", of=lambda s: s.gates),
    Measure(
        name="gates with FF",
        device="gates",
        of=lambda s: s.gates + s.resources.ff * FLIP_FLOP_TRANSISTORS // NAND_TRANSISTORS,
    ),
    Measure(
        name="transistors",
        device="gates",
        of=lambda s: s.transistors - s.resources.ff * FLIP_FLOP_TRANSISTORS,
    ),
    Measure(name="transistors with FF", device="gates", of=lambda s: s.transistors),
    Measure(name="xcup LUT", device="xcup", of=lambda s: s.resources.lut),
    Measure(name="xcup LUT+FF", device="xcup", of=lambda s: s.resources.lut + s.resources.ff),
    Measure(name="ecp5 LUT", device="ecp5", of=lambda s: s.resources.lut),
    Measure(name="ecp5 LUT+FF", device="ecp5", of=lambda s: s.resources.lut + s.resources.ff),
)
"""Each without flip-flops, then with them: 4 gates or 16 transistors each, or as one LUT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one cell costs by one measure."""

    cell: Cell
    measure: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Costs of cells, and their ratios.

    Args:
        counts: Cost of each cell by each measure; what was not measured is missing.
    """

    counts: Mapping[tuple[Cell, str], int]

    @classmethod
    def of(cls, costs: Iterable[Cost]) -> Self:
        """Return the comparison of `costs`."""
        return cls(counts={(cost.cell, cost.measure): cost.count for cost in costs})

    @property
    def cells(self) -> list[Cell]:
        """All cells, each once, in the order they were measured."""
        return list(dict.fromkeys(cell for cell, _ in self.counts))

    def count(self, cell: Cell, measure: str) -> int | None:
        """Return the cost of `cell`; None if it was not measured."""
        return self.counts.get((cell, measure))

    def more_pct(self, cell: Cell, reference: Cell, measure: str) -> float | None:
        """Return how much more than `reference` a cell costs [%]; None if either is missing."""
        counts = self.count(cell, measure), self.count(reference, measure)
        if counts[0] is None or counts[1] is None:
            return None
        return 100 * (counts[0] - counts[1]) / counts[1]


def compared_cells() -> list[Cell]:
    """Return the cells that are synthesised for each device, exact ones first."""
    exact = [(lanes, TERMS) for lanes in LANES] + [(1, OTHER_TERMS)]
    shapes = [(Accumulator.EXACT, lanes, terms) for lanes, terms in exact]
    shapes += [(accumulator, 1, 0) for accumulator in _FLOATS]
    shapes += [(accumulator, lanes, 0) for accumulator in DOT_ACCUMULATORS for lanes in LANES[1:]]
    return [
        Cell(format_name=name, accumulator=accumulator, lanes=lanes, terms=terms)
        for accumulator, lanes, terms in shapes
        for name in FORMATS
    ]


def measure_cells(
    cells: Sequence[Cell], device: str, *, processes: int, progress: Progress, cache: Path = CACHE
) -> Iterator[Cost]:
    """Synthesise `cells` in the cheapest style of `device` and yield their costs by its measures.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    step = f"cells on {device}"
    for start in range(0, len(cells), _BATCH):
        progress(step, start, len(cells))
        some = cells[start : start + _BATCH]
        designs = [_rtl(cell, device) for cell in some]
        results = synthesise(designs, device, processes=processes, cache=cache)
        for cell, result in zip(some, results, strict=True):
            for measure in MEASURES:
                if measure.device == device:
                    yield Cost(cell=cell, measure=measure.name, count=measure.of(result))
    progress(step, len(cells), len(cells))


def _rtl(cell: Cell, device: str) -> Rtl:
    style, fmt = STYLES[device][0], parse_format(cell.format_name)
    if cell.accumulator in _FLOATS:
        accumulator, any_state = _FLOATS[cell.accumulator]
        mac = FloatMac(
            weight=fmt, act=fmt, accumulator=accumulator, any_state=any_state, lanes=cell.lanes
        )
        return emit_float_mac(mac, style) if cell.lanes == 1 else emit_float_dot(mac, style)
    if cell.lanes == 1:
        return emit_mac(Mac(weight=fmt, act=fmt, terms=cell.terms), style)
    return emit_dot(Dot(weight=fmt, act=fmt, terms=cell.terms, lanes=cell.lanes), style)
