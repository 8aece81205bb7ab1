"""What quantization-aware training did for a study's points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.intervals import PairedComparison, compare_paired
from dse.recipe import NONE
from dse.report.markdown import escape, table
from dse.report.symbols import MINUS, NOTHING
from dse.report.tables import accuracy, difference
from dse.search.header import FloatAccuracy

if TYPE_CHECKING:
    import pandas as pd

_TRAINED = "qat"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingFinding:
    """A trained point beside the point training began with and the network before quantization.

    Attributes:
        before: Row of the recipe that training started from.
        after: Row of the trained point.
        gain: Trained against before, on the test images.
        against_float: Trained against float; `None` where the study does not hold each image.
    """

    before: "pd.Series"
    after: "pd.Series"
    gain: PairedComparison
    against_float: PairedComparison | None


def training_findings(
    evaluations: "pd.DataFrame", float_accuracy: FloatAccuracy
) -> tuple[TrainingFinding, ...]:
    """Return what training did, point by point, in the order planned.

    Args:
        evaluations: One evaluation a row, without missing numbers.
        float_accuracy: Of the network before quantization.

    Raises:
        DataError: Results on the test images do not fit their number.
    """
    return tuple(_findings(evaluations, float_accuracy))


def _findings(
    evaluations: "pd.DataFrame", float_accuracy: FloatAccuracy
) -> Iterator[TrainingFinding]:
    rows = {(row["cost_key"], row["recipe"]): row for _, row in evaluations.iterrows()}
    of_float = bytes.fromhex(float_accuracy.test_correct)
    for (cost_key, recipe), after in rows.items():
        start, _, last = recipe.rpartition("+")
        if last != _TRAINED:
            continue
        before = rows[cost_key, start or NONE.name]
        n_test = int(after["n_test"])
        correct = after["test_correct"]
        yield TrainingFinding(
            before=before,
            after=after,
            gain=compare_paired(correct, before["test_correct"], n_test),
            against_float=compare_paired(correct, of_float, n_test) if of_float else None,
        )


def trainings_table(findings: Iterable[TrainingFinding]) -> str:
    """Return the findings as Markdown."""
    headings = [
        "weights", "activations", "from", "validation [%]", "trained [%]", "test [%]",
        "trained [%]", "gain [points]", f"trained {MINUS} float [points]",
    ]  # fmt: skip
    rows = (
        [
            *(escape(str(found.after[name])) for name in ("weight_format", "act_format")),
            escape(str(found.before["recipe"])),
            *(f"{row['val_top1_pct']:.2f}" for row in (found.before, found.after)),
            *(accuracy(row["test_top1_pct"], row["n_test"]) for row in (found.before, found.after)),
            difference(found.gain),
            difference(found.against_float) if found.against_float else NOTHING,
        ]
        for found in findings
    )
    return table(headings, rows, "lllrrrrrr")
