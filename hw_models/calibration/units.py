"""Whole matrix units: the control that is fitted, and how far estimates are from synthesis.

The split between fit and check is by format pair and by shape: no pair and no shape is in both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dse.formats import parse_format
from dse.progress import Progress
from hw_models.arith.cell import STYLES
from hw_models.calibration.fit import Floats, Sample, fit_lanes, fit_naive
from hw_models.calibration.judge import Prediction
from hw_models.cost.lane import formula_lut, lane_cost
from hw_models.cost.mvau import CONTROL, control_bits
from hw_models.cost.node import node_parts
from hw_models.cost.target import Target, load_target
from hw_models.folding import Folding, Pace
from hw_models.graph import Accelerator, Mvau
from hw_models.model import Model, ModelInput
from hw_models.resources import Resources, total
from hw_models.rtl import mvau  # noqa: F401 - registers how it is written
from hw_models.rtl.node import Fabric, emit_node
from hw_models.synth.synthesis import synthesise
from hw_models.tail import Tail

Shape = tuple[int, int, int, int]
"""MW, MH, PE, SIMD."""

FIT_PAIRS = (("int4", "int4"), ("e2m1", "e2m1"), ("int7", "e3m1"))
FIT_SHAPES: tuple[Shape, ...] = ((64, 32, 4, 8), (64, 32, 1, 4), (144, 16, 2, 3))
CHECK_PAIRS = (
    *(("int8", "int8"), ("e4m3", "e4m3"), ("e5m2", "e5m2"), ("e3m2", "e3m2"), ("int3", "int6")),
    *(("e2m3", "int5"), ("e2m2", "e3m0")),
)
CHECK_SHAPES: tuple[Shape, ...] = (
    (72, 16, 2, 9),
    (128, 16, 1, 16),
    (256, 10, 2, 1),
    (96, 8, 2, 32),
)
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A matrix unit, synthesised and estimated.

    Attributes:
        node: What it computes.
        folding: Its parallelism.
        measured: What it takes after synthesis.
        estimated: What the model says.
        control_lut: LUTs of its control in the estimate, which is what is fitted.
    """

    node: Mvau
    folding: Folding
    measured: Resources
    estimated: Resources
    control_lut: int

    @property
    def formats(self) -> frozenset[str]:
        """Names of both formats."""
        return frozenset((self.node.weight.name, self.node.act.name))


class Compared(Protocol):
    """Something that was synthesised and estimated."""

    @property
    def measured(self) -> Resources:
        """What it takes after synthesis."""

    @property
    def estimated(self) -> Resources:
        """What the model says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCheck:
    """Resources that are counted, not fitted.

    Attributes:
        n: Designs checked.
        ff_differs: How many have another number of flip-flops.
        ff_max_pct: Largest relative difference of flip-flops [%].
        bram_differs: How many have another number of block RAMs.
        dsp_differs: How many have another number of DSP blocks.
    """

    n: int
    ff_differs: int
    ff_max_pct: float
    bram_differs: int
    dsp_differs: int


def measure_units(device: str, *, fitted: bool, processes: int, progress: Progress) -> list[Unit]:
    """Synthesise the matrix units that are fitted to, or those that are checked.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    pairs, shapes = (FIT_PAIRS, FIT_SHAPES) if fitted else (CHECK_PAIRS, CHECK_SHAPES)
    fabric = Fabric(target=load_target(device, "none"), style=STYLES[device][0])
    step, found = f"matrix units for {device}", []
    for position, pair in enumerate(pairs):
        progress(step, position, len(pairs))
        units = units_of(device, [pair], shapes)
        designs = [
            emit_node(unit.node, Pace(folding=unit.folding), random_model(unit.node), fabric)
            for unit in units
        ]
        counts = synthesise(designs, device, processes=processes)
        for unit, counted in zip(units, counts, strict=True):
            found.append(replace(unit, measured=counted.resources))
    progress(step, len(pairs), len(pairs))
    return found


def units_of(device: str, pairs: Sequence[tuple[str, str]], shapes: Sequence[Shape]) -> list[Unit]:
    """Return every shape in every pair of formats, estimated and not measured yet."""
    target = load_target(device, "none")
    return [_unit(matrix(*pair, shape), shape, target) for pair in pairs for shape in shapes]


def _unit(node: Mvau, shape: Shape, target: Target) -> Unit:
    folding = Folding(pe=shape[2], simd=shape[3])
    parts = node_parts(node, Pace(folding=folding), target)
    return Unit(
        node=node,
        folding=folding,
        measured=Resources(),
        estimated=total(parts),
        control_lut=sum(part.resources.lut for part in parts if part.name == CONTROL),
    )


def matrix(weight: str, act: str, shape: Shape) -> Mvau:
    """Return the matrix of a unit."""
    mw, mh, pe, simd = shape
    return Mvau(
        name=f"{weight}_{act}_{mw}_{mh}_{pe}_{simd}",
        mw=mw,
        mh=mh,
        vectors=1,
        weight=parse_format(weight),
        act=parse_format(act),
    )


def random_model(node: Mvau) -> Model:
    """Return a network of this one layer with random weights, which decide the size of ROMs."""
    codes = np.flatnonzero(np.isfinite(node.weight.narrow().code_values()))
    rng = np.random.default_rng(_SEED)
    shape = (1, 1, node.mw)
    return Model(
        accelerator=Accelerator(nodes=(node,)),
        input=ModelInput(name="vector", shape=shape, format=node.act, scale=1.0),
        weights={node.name: rng.choice(codes, (node.mh, node.mw))},
        tails={},
        output=Tail(scale=np.ones(1, np.float32), output=None),
    )


def fit_control(units: Sequence[Unit]) -> tuple[float, float]:
    """Return LUTs per counter bit and LUTs besides, by least squares over `units`."""
    bits = np.array([[control_bits(u.node, u.folding), 1.0] for u in units])
    rest = np.array([u.measured.lut - u.estimated.lut + u.control_lut for u in units], float)
    per_bit, besides = np.linalg.lstsq(bits, rest, rcond=None)[0]
    return float(per_bit), float(besides)


def check_counts(designs: Sequence[Compared]) -> CountCheck:
    """Compare what is counted exactly with synthesis."""
    pairs = [(design.measured, design.estimated) for design in designs]
    return CountCheck(
        n=len(pairs),
        ff_differs=sum(a.ff != b.ff for a, b in pairs),
        ff_max_pct=max(abs(100 * (b.ff / a.ff - 1)) for a, b in pairs),
        bram_differs=sum(a.bram18 != b.bram18 for a, b in pairs),
        dsp_differs=sum(a.dsp != b.dsp for a, b in pairs),
    )


def predict_units(
    units: Sequence[Unit], lanes: Sequence[Sample], device: str
) -> Iterator[Prediction]:
    """Yield the LUTs of units whose formats no fitted number has seen.

    Products by the formula fitted to lanes that share no format with the unit. The naive model, a
    fit of 1, lanes times the product of the widths and lanes times the accumulator's width, has
    seen the other units.
    """
    target = load_target(device, "none")
    for unit in units:
        node = unit.node
        weights = fit_lanes([s for s in lanes if not s.formats & unit.formats])
        cell = lane_cost(node.weight, node.act, target, in_mac=False)
        (lane,) = (s.lane for s in lanes if _is_product_of(s, node))
        unseen = formula_lut(lane, weights) - cell.lut
        others = [u for u in units if not u.formats & unit.formats]
        naive = fit_naive(
            np.stack([_features(u) for u in others]),
            np.array([u.measured.lut for u in others], float),
        )
        yield Prediction(
            cell="matrix unit",
            weight=node.weight.name,
            act=node.act.name,
            lanes=unit.folding.lanes,
            measured=unit.measured.lut,
            formula=unit.estimated.lut + unit.folding.lanes * unseen,
            naive=float(_features(unit) @ naive),
        )


def _is_product_of(sample: Sample, node: Mvau) -> bool:
    return (sample.weight, sample.act, sample.lane.in_mac) == (node.weight, node.act, False)


def _features(unit: Unit) -> Floats:
    node, lanes = unit.node, unit.folding.lanes
    products = node.weight.bits * node.act.bits
    return np.array([1, lanes * products, lanes * node.accumulator_bits], float)
