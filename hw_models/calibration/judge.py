"""How far formulas are from synthesis, on format pairs they have not seen."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dse.formats import parse_format
from hw_models.arith.cell import Style
from hw_models.calibration.fit import (
    Floats,
    Sample,
    fit_lanes,
    fit_naive,
    naive_features,
)
from hw_models.calibration.rows import cell_of
from hw_models.cost.dot import sum_parts
from hw_models.cost.lane import formula_lut
from hw_models.cost.measured import Row, row_lane
from hw_models.cost.target import Target
from hw_models.resources import total

SPLITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How far estimates are from measurements.

    Attributes:
        n: Number of estimates.
        mape_pct: Mean relative error, regardless of sign [%].
        p95_pct: What 95 of 100 relative errors stay below [%].
        max_pct: Largest relative error [%].
        r2: Coefficient of determination.
        tau: Kendall's tau-b of the order.
    """

    n: int
    mape_pct: float
    p95_pct: float
    max_pct: float
    r2: float
    tau: float

    @classmethod
    def of(cls, estimated: Floats, measured: Floats) -> "Errors":
        """Compare estimates with measurements, both `(n,)`."""
        relative = 100 * np.abs(estimated / measured - 1)
        residual = float(((estimated - measured) ** 2).sum())
        spread = float(((measured - measured.mean()) ** 2).sum())
        return cls(
            n=len(measured),
            mape_pct=float(relative.mean()),
            p95_pct=float(np.percentile(relative, 95)),
            max_pct=float(relative.max()),
            r2=1 - residual / spread,
            tau=kendall_tau(estimated, measured),
        )

    @classmethod
    def mean(cls, several: Sequence["Errors"]) -> "Errors":
        """Return the mean of each measure over several splits."""
        values = {
            name: float(np.mean([getattr(errors, name) for errors in several]))
            for name in ("mape_pct", "p95_pct", "max_pct", "r2", "tau")
        }
        return cls(n=several[0].n, **values)


def kendall_tau(x: Floats, y: Floats) -> float:
    """Return Kendall's tau-b of two sequences `(n,)`: ties count for neither order."""
    above = np.triu_indices(len(x), 1)
    dx, dy = (np.sign(v[:, None] - v[None, :])[above] for v in (x, y))
    return float((dx * dy).sum() / np.sqrt(np.abs(dx).sum() * np.abs(dy).sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One cell's LUTs, measured and by formulas that have seen neither of its formats.

    Attributes:
        cell: What it is.
        weight: Name of the weight format.
        act: Name of the activation format.
        lanes: Products per clock.
        measured: LUTs after synthesis.
        formula: LUTs by the structural formula.
        naive: LUTs by a linear model of widths alone.
    """

    cell: str
    weight: str
    act: str
    lanes: int
    measured: int
    formula: float
    naive: float


def predict_macs(samples: Sequence[Sample]) -> list[Prediction]:
    """Return every MAC, by formulas fitted to the pairs that share no format with it."""
    found: list[Prediction] = []
    for formats in sorted({s.formats for s in samples}, key=sorted):
        fitted = [s for s in samples if not s.formats & formats]
        tested = [s for s in samples if s.formats == formats]
        found += _predict(fitted, tested)
    return found


def random_halves(samples: Sequence[Sample], seed: int = 0) -> tuple[Errors, Errors]:
    """Return the mean errors of formula and naive model over random halves of the pairs.

    A pair and its mirror image fall into one half.
    """
    pairs = sorted({s.formats for s in samples}, key=sorted)
    rng = random.Random(seed)
    formula, naive = [], []
    for _ in range(SPLITS):
        unseen = set(rng.sample(pairs, len(pairs) // 2))
        fitted = [s for s in samples if s.formats not in unseen]
        found = list(_predict(fitted, [s for s in samples if s.formats in unseen]))
        formula.append(errors_of(found))
        naive.append(errors_of(found, naive=True))
    return Errors.mean(formula), Errors.mean(naive)


def errors_of(predictions: Sequence[Prediction], *, naive: bool = False) -> Errors:
    """Return the errors of one of the models."""
    estimated = [p.naive if naive else p.formula for p in predictions]
    return Errors.of(np.array(estimated, float), np.array([p.measured for p in predictions], float))


def _predict(fitted: Sequence[Sample], tested: Sequence[Sample]) -> Iterator[Prediction]:
    weights = fit_lanes(fitted)
    naive = fit_naive(naive_features(fitted), np.array([s.lut for s in fitted], float))
    for s, width_based in zip(tested, naive_features(tested) @ naive, strict=True):
        yield Prediction(
            cell="mac",
            weight=s.weight.name,
            act=s.act.name,
            lanes=1,
            measured=s.lut,
            formula=formula_lut(s.lane, weights) + s.accumulator_lut,
            naive=float(width_based),
        )


def predict_dots(
    rows: Sequence[Row], lanes: Sequence[Sample], style: Style, target: Target
) -> list[Prediction]:
    """Return every dot product of `rows`, by formulas that have seen neither of its formats.

    The naive model counts lanes: 1, lanes times the product of the widths, lanes times the
    accumulator's width; it has seen other dot products, the formula only lanes.

    Args:
        rows: Measured dot products.
        lanes: Measured lanes.
        style: How their RTL is written.
        target: Family and constants, for adders.
    """
    found = []
    for row in rows:
        formats = frozenset((row.weight, row.act))
        weights = fit_lanes([s for s in lanes if not s.formats & formats])
        others = [r for r in rows if not {r.weight, r.act} & formats]
        naive = fit_naive(
            np.stack([_dot_features(r) for r in others]),
            np.array([r.lut for r in others], float),
        )
        adders = total(sum_parts(cell_of(row), target)).lut
        found.append(
            Prediction(
                cell=row.cell,
                weight=row.weight,
                act=row.act,
                lanes=row.lanes,
                measured=row.lut,
                formula=row.lanes * formula_lut(row_lane(row, style), weights) + adders,
                naive=float(_dot_features(row) @ naive),
            )
        )
    return found


def _dot_features(row: Row) -> Floats:
    bits = cell_of(row).accumulator_bits
    products = parse_format(row.weight).bits * parse_format(row.act).bits
    return np.array([1, row.lanes * products, row.lanes * bits], float)
