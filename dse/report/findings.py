"""What a study found, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dse.intervals import PairedComparison, compare_paired
from dse.point import Scheme
from dse.report.recipes import RecipeFinding, recipe_findings
from dse.report.trainings import TrainingFinding, training_findings
from dse.search.header import Header
from dse.search.rows import TOTALS, EndedPoint
from dse.selection import (
    best_recipes,
    best_uniform,
    feasible,
    front_of,
    hypervolume_of,
    leading,
    uniform_widths,
)

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = (
    "val_top1_pct", "test_top1_pct", "n_test", *TOTALS, "weight_kib", "lut_per_mac", "ii_cycles",
)  # fmt: skip
"""Columns a row must have numbers in to count; `TOTALS` only where the network has them."""

VERDICTS = {1: "integer better", -1: "minifloat better", 0: "not distinguishable"}
"""By the sign of `PairedComparison`, the integer being the first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WidthFinding:
    """The best integer × integer and minifloat × minifloat points of one width.

    Attributes:
        bits: Width of weights and activations [bits].
        integer: Row of the integer that is best on validation; `None` if there is none.
        minifloat: The same of the minifloats.
        comparison: Integer against minifloat on the test images, where there are both.
        integer_on_front: Whether the integer is on the study's front.
        minifloat_on_front: Whether the minifloat is.
    """

    bits: int
    integer: "pd.Series | None"
    minifloat: "pd.Series | None"
    comparison: PairedComparison | None
    integer_on_front: bool
    minifloat_on_front: bool

    @property
    def verdict(self) -> str:
        """Which is better in accuracy, in words; empty where only one is there."""
        return VERDICTS[self.comparison.sign] if self.comparison else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """All a report says.

    Attributes:
        header: The study's settings, contexts and references.
        n_planned: Points the study is to have.
        evaluations: Points it has so far, one a row, as `dse.search.Store` returns them.
        n_incomplete: Rows of these that lack one of `NUMBERS` and count for nothing below.
        n_infeasible: Rows of `points` that break a constraint; they are not on the front.
        points: Complete rows; with ``--best-of`` of each pair of formats the row of the recipe that
            is best on validation. What follows is about these.
        objectives: Columns of the front; accuracy is the test's, chosen by validation's.
        front: Rows on the front, cheapest first.
        interesting: Five points: those without which the front would lose most, and where it has
            fewer, those of the front behind it.
        hypervolume: Of all rows, in validation error [%] × log2 of the cost, below the
            reference.
        widths: Integer against minifloat at each width both or one of them has.
        recipes: What each recipe does, against ``none``, by family and width of the weights.
        trainings: What training did for each trained point.
        ended: Points that have no accuracy and count for nothing above.
        schemes: Schemes of the front's points by digest, where formats were chosen layer by layer.
    """

    header: Header
    n_planned: int
    evaluations: "pd.DataFrame"
    n_incomplete: int
    n_infeasible: int
    points: "pd.DataFrame"
    objectives: tuple[str, ...]
    front: "pd.DataFrame"
    interesting: "pd.DataFrame"
    hypervolume: float
    widths: tuple[WidthFinding, ...]
    recipes: tuple[RecipeFinding, ...]
    trainings: tuple[TrainingFinding, ...]
    ended: tuple[EndedPoint, ...]
    schemes: Mapping[str, Scheme] = field(default_factory=dict)


def find(
    header: Header,
    evaluations: "pd.DataFrame",
    n_planned: int,
    ended: tuple[EndedPoint, ...] = (),
) -> Findings:
    """Return what `evaluations` of the study with this `header` amount to.

    The front is top-1 × LUT, with DSP blocks × DSP; where a host computes a part, top-1 × LUT a
    multiply-accumulate; where each point is as fast as fits a board, top-1 × cycles a frame.

    Raises:
        DataError: Results on the test images do not fit their number.
    """
    cost, objectives = header.cost_column, header.objectives
    needed = [name for name in NUMBERS if header.partial is None or name not in TOTALS]
    complete = evaluations.dropna(subset=needed)
    points = best_recipes(complete) if header.settings.best_of else complete
    front = front_of(points, objectives)
    reference = reference_of(header)
    return Findings(
        header=header,
        n_planned=n_planned,
        evaluations=evaluations,
        n_incomplete=len(evaluations) - len(complete),
        n_infeasible=len(points) - len(feasible(points)),
        points=points,
        objectives=objectives,
        front=front,
        interesting=leading(feasible(points), objectives, reference),
        hypervolume=hypervolume_of(points, reference, cost),
        widths=tuple(_width(points, front, bits) for bits in uniform_widths(points)),
        recipes=recipe_findings(complete, header.float_accuracy.test_top1_pct),
        trainings=training_findings(complete, header.float_accuracy),
        ended=ended,
    )


def reference_of(header: Header) -> tuple[float, float]:
    """Return the hypervolume's reference point: error [%] and log2 of the cost."""
    return header.reference.error_pct, header.reference.log2_cost


def _width(evaluations: "pd.DataFrame", front: "pd.DataFrame", bits: int) -> WidthFinding:
    integer = best_uniform(evaluations, "integer", bits)
    minifloat = best_uniform(evaluations, "minifloat", bits)
    on_front = set(front["digest"])
    return WidthFinding(
        bits=bits,
        integer=integer,
        minifloat=minifloat,
        comparison=_compare(integer, minifloat),
        integer_on_front=integer is not None and integer["digest"] in on_front,
        minifloat_on_front=minifloat is not None and minifloat["digest"] in on_front,
    )


def _compare(first: "pd.Series | None", second: "pd.Series | None") -> PairedComparison | None:
    if first is None or second is None:
        return None
    return compare_paired(first["test_correct"], second["test_correct"], int(first["n_test"]))
