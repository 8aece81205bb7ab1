"""The cost of a multiply-accumulate by formulas fitted to some format pairs, for others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format, parse_format
from hw_models.accumulator import accumulator_bits
from hw_models.arith.cell import Style
from hw_models.arith.lane import Lane
from hw_models.calibration.cells import TERMS
from hw_models.cost.dot import accumulator_lut
from hw_models.cost.measured import Row, row_lane
from hw_models.cost.structure import FEATURES, lane_structure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A measured product and what surrounds it in a multiply-accumulate.

    Attributes:
        weight: Weight format.
        act: Activation format.
        lane: The product.
        lane_lut: Its measured LUTs.
        accumulator_lut: LUTs of the accumulator of `TERMS` products.
        accumulator_bits: Its width [bits].
    """

    weight: Format
    act: Format
    lane: Lane
    lane_lut: int
    accumulator_lut: int
    accumulator_bits: int

    @property
    def lut(self) -> int:
        """LUTs of the whole cell."""
        return self.lane_lut + self.accumulator_lut

    @property
    def formats(self) -> frozenset[str]:
        """Names of both formats: a pair and its mirror image are one."""
        return frozenset((self.weight.name, self.act.name))


def sample(row: Row, style: Style) -> Sample:
    """Return a measured lane with its accumulator."""
    weight, act = parse_format(row.weight), parse_format(row.act)
    lane = row_lane(row, style)
    bits = accumulator_bits(TERMS, weight, act)
    return Sample(
        weight=weight,
        act=act,
        lane=lane,
        lane_lut=row.lut,
        accumulator_lut=accumulator_lut(lane.product, lane.term_bits, bits, style),
        accumulator_bits=bits,
    )


def fit_lanes(samples: Sequence[Sample]) -> dict[str, float]:
    """Return the weights of what the tool maps in a product, by name.

    Relative least squares of the whole cell; everything instantiated and the accumulator are fixed.
    What no sample contains keeps the weight 1: a LUT for each.
    """
    names = FEATURES[samples[0].lane.style]
    structures = [lane_structure(s.lane) for s in samples]
    counts = np.array([s.mapped for s in structures], dtype=np.float64)
    fixed = np.array([s.instantiated for s in structures])
    lut = np.array([s.lane_lut for s in samples])
    scale = 1 / np.array([s.lut for s in samples])
    seen = counts.any(axis=0)
    weights = np.ones(len(names))
    if seen.any():
        weights[seen] = np.linalg.lstsq(
            counts[:, seen] * scale[:, None], (lut - fixed) * scale, rcond=None
        )[0]
    return dict(zip(names, weights.tolist(), strict=True))


def fit_naive(features: Floats, lut: Floats) -> Floats:
    """Return the weights of a linear model without structure, by relative least squares.

    Args:
        features: `(n, features)`.
        lut: `(n,)`.
    """
    found, *_ = np.linalg.lstsq(features / lut[:, None], np.ones(len(lut)), rcond=None)
    return np.asarray(found, dtype=np.float64)


def naive_features(samples: Sequence[Sample]) -> Floats:
    """Return 1, the product of the widths, and the accumulator's width, shape `(samples, 3)`."""
    return np.array([[1, s.weight.bits * s.act.bits, s.accumulator_bits] for s in samples], float)
