"""Requantizers, pools and additions, whose cost is counted from their RTL: against synthesis.

Nothing in their formulas is fitted, so every one of them is unseen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dse.formats import Format, parse_format
from dse.progress import Progress
from hw_models.arith.cell import STYLES
from hw_models.arith.requantize.scale_fit import scale_round
from hw_models.arith.requantize.scale_round import can_scale
from hw_models.arith.requantize.thresholds import bisection
from hw_models.calibration.fit import Floats, fit_naive
from hw_models.calibration.judge import Prediction
from hw_models.calibration.units import matrix, random_model
from hw_models.cost.bisection import bisection_parts
from hw_models.cost.node import node_parts
from hw_models.cost.scale_round import scale_round_parts
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Pace
from hw_models.graph import Add, Pool, PoolKind, Requantize
from hw_models.resources import Part, Resources, total
from hw_models.rtl import accelerator  # noqa: F401 - registers the emitters
from hw_models.rtl.bisection import emit_bisection
from hw_models.rtl.design import Rtl
from hw_models.rtl.node import Fabric, emit_node
from hw_models.rtl.scale_round import emit_scale_round
from hw_models.synth.synthesis import synthesise
from hw_models.tail import OutputQuantizer, Shift, Tail

_MAX, _AVERAGE = PoolKind.MAX, PoolKind.AVERAGE
POOLS: tuple[tuple[PoolKind, str, int, int, int, int], ...] = (
    *((_MAX, "int4", 2, 16, 16, 4), (_MAX, "e4m3", 2, 8, 32, 1), (_MAX, "int8", 3, 9, 8, 8)),
    *((_MAX, "ue3m2", 2, 28, 12, 2), (_MAX, "e2m1", 2, 12, 24, 3), (_MAX, "uint6", 4, 16, 4, 2)),
    *((_AVERAGE, "int8", 4, 4, 32, 2), (_AVERAGE, "e3m2", 2, 8, 16, 4)),
    *((_AVERAGE, "uint4", 7, 7, 64, 1), (_AVERAGE, "e4m3", 8, 8, 10, 10)),
)
"""Kind, format, side of the windows, side of the image, channels, lanes."""
ADDITIONS: tuple[tuple[str, str, tuple[int, int], int], ...] = (
    *(("int8", "int8", (0, 0), 4), ("int4", "uint4", (0, 3), 2), ("int6", "int6", (2, 0), 1)),
    *(("e4m3", "e4m3", (0, 0), 2), ("e2m1", "e2m1", (0, 1), 8), ("e3m2", "int8", (0, 0), 1)),
    ("ue2m3", "e5m1", (4, 0), 2),
)
"""Both formats, their left shifts, lanes."""
REQUANTIZERS: tuple[tuple[str, int, int, int, int], ...] = (
    *(("int4", 19, 32, 4, 8), ("e2m1", 20, 16, 2, 2), ("uint4", 17, 10, 2, 3)),
    *(("int8", 24, 32, 1, 32), ("e3m2", 29, 32, 2, 4), ("int6", 22, 64, 4, 8)),
    *(("e4m3", 40, 16, 1, 16), ("uint8", 21, 24, 3, 5), ("int5", 18, 12, 2, 6)),
)
"""Output format, width of the sums [bit], channels, lanes, cycles between two sums."""
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A node before synthesis.

    Attributes:
        kind: What it is; of a requantizer, its architecture.
        formats: Names of the formats of its codes.
        lanes: Elements a clock.
        bits: Width of a sum that it takes or gives [bit].
        design: Its RTL.
        parts: Its cost by the model.
    """

    kind: str
    formats: tuple[str, str]
    lanes: int
    bits: int
    design: Rtl
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCheck:
    """A node, synthesised and estimated.

    Attributes:
        case: What it is.
        measured: What it takes after synthesis.
        estimated: What the model says.
    """

    case: Case
    measured: Resources
    estimated: Resources


def measure_nodes(device: str, *, processes: int, progress: Progress) -> list[NodeCheck]:
    """Synthesise all nodes whose cost is counted, and estimate them.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    cases = [*pools(device), *additions(device), *requantizers(device)]
    step, size = f"counted nodes for {device}", 4 * processes
    found = []
    for start in range(0, len(cases), size):
        progress(step, start, len(cases))
        some = cases[start : start + size]
        counts = synthesise([case.design for case in some], device, processes=processes)
        found += [
            NodeCheck(case=case, measured=counted.resources, estimated=total(case.parts))
            for case, counted in zip(some, counts, strict=True)
        ]
    progress(step, len(cases), len(cases))
    return found


def predict_nodes(checks: Sequence[NodeCheck]) -> Iterator[Prediction]:
    """Yield the LUTs of every node, by its formula and by a naive model of its kind.

    The naive model, a fit of 1, lanes times the width of the sum and lanes times the width of the
    codes, has seen the other nodes of that kind.
    """
    for check in checks:
        case = check.case
        others = [c for c in checks if c.case.kind == case.kind and c is not check]
        naive = fit_naive(
            np.stack([_features(c.case) for c in others]),
            np.array([c.measured.lut for c in others], float),
        )
        yield Prediction(
            cell=case.kind,
            weight=case.formats[0],
            act=case.formats[1],
            lanes=case.lanes,
            measured=check.measured.lut,
            formula=check.estimated.lut,
            naive=float(_features(case) @ naive),
        )


def _features(case: Case) -> Floats:
    codes = sum(parse_format(name).bits for name in case.formats)
    return np.array([1, case.lanes * case.bits, case.lanes * codes], float)


def pools(
    device: str, shapes: Sequence[tuple[PoolKind, str, int, int, int, int]] = POOLS
) -> Iterator[Case]:
    """Yield pools of `shapes`."""
    for reduce, act, kernel, size, channels, lanes in shapes:
        node = Pool(
            name=f"{act}_{kernel}_{size}_{channels}_{lanes}",
            reduce=reduce,
            kernel=(kernel, kernel),
            stride=(kernel, kernel),
            channels=channels,
            height=size,
            width=size,
            act=parse_format(act),
        )
        yield _stream_case("pool", (act, act), node, lanes, device)


def additions(
    device: str, shapes: Sequence[tuple[str, str, tuple[int, int], int]] = ADDITIONS
) -> Iterator[Case]:
    """Yield additions of `shapes`."""
    for first, second, shifts, lanes in shapes:
        node = Add(
            name=f"{first}_{second}_{shifts[0]}_{shifts[1]}_{lanes}",
            channels=lanes,
            vectors=1,
            acts=(parse_format(first), parse_format(second)),
            shifts=shifts,
        )
        yield _stream_case("addition", (first, second), node, lanes, device)


def requantizers(
    device: str, shapes: Sequence[tuple[str, int, int, int, int]] = REQUANTIZERS
) -> Iterator[Case]:
    """Yield requantizers of `shapes`, each in both architectures if it has both."""
    fabric = _fabric(device)
    for output, bits, channels, lanes, cycles in shapes:
        node = Requantize(
            name=f"{output}_{bits}_{channels}_{lanes}_{cycles}",
            channels=channels,
            vectors=1,
            accumulator_bits=bits,
            accumulator_lsb=1.0,
            output=parse_format(output),
        )
        pace = Pace(folding=Folding(pe=lanes, simd=1), cycles=cycles)
        thresholds = bisection(_tail(node.output, bits, channels), node)
        yield Case(
            kind="thresholds",
            formats=(output, output),
            lanes=lanes,
            bits=bits,
            design=emit_bisection(node, pace, thresholds, fabric),
            parts=bisection_parts(node, pace, fabric.target),
        )
        if can_scale(node.output, bits) and (line := scale_round(thresholds)) is not None:
            yield Case(
                kind="scale and round",
                formats=(output, output),
                lanes=lanes,
                bits=bits,
                design=emit_scale_round(node, pace, line, fabric),
                parts=scale_round_parts(node, pace, fabric.target),
            )


def _stream_case(
    kind: str, formats: tuple[str, str], node: Pool | Add, lanes: int, device: str
) -> Case:
    pace, fabric = Pace(folding=Folding(pe=lanes, simd=1)), _fabric(device)
    return Case(
        kind=kind,
        formats=formats,
        lanes=lanes,
        bits=node.accumulator_bits,
        design=emit_node(node, pace, _NO_NUMBERS, fabric),
        parts=node_parts(node, pace, fabric.target),
    )


def _fabric(device: str) -> Fabric:
    return Fabric(target=load_target(device, "none"), style=STYLES[device][0])


def _tail(output: Format, bits: int, channels: int) -> Tail:
    """Return a tail with a scale and a bias for each channel that uses most codes of `output`."""
    rng = np.random.default_rng(_SEED)
    largest = max(output.max, -output.min)
    return Tail(
        scale=(rng.uniform(0.5, 2, channels) * 2.0 ** (1 - bits)).astype(np.float32),
        steps=(Shift(rng.uniform(-0.3, 0.3, channels).astype(np.float32)),),
        output=OutputQuantizer(format=output, scale=float(np.float32(0.7 / largest))),
    )


_NO_NUMBERS = random_model(matrix("int1", "int1", (1, 1, 1, 1)))
"""Pools and additions have none: any network will do."""
