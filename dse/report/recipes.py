"""What post-training recipes did for a study's points."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.intervals import MeanDifference, mean_difference
from dse.report.markdown import escape, table
from dse.report.symbols import MINUS, NOTHING, TIMES
from dse.selection import best_recipes

if TYPE_CHECKING:
    import pandas as pd

BEST = "best of all"
"""Stands for the recipe that is best on validation, pair by pair."""

_BASELINE = "none"
_FAMILIES = {"int": "integer", "minifloat": "minifloat"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFinding:
    """What a recipe does for points whose weights are of one family and width.

    Attributes:
        family: ``integer`` or ``minifloat``, of the weights.
        bits: Width of the weights [bits].
        recipe: Name of the recipe, or `BEST`.
        n_points: Pairs of formats with results of the recipe and of ``none``.
        n_best: Pairs among them of which this recipe is best on validation.
        gain: Test accuracy over that of ``none``, mean over the pairs [points].
        loss_pct: Test accuracy that ``none`` loses to float, mean over the pairs [points].
        changed_weights_pct: Weights whose codes the recipe changed, mean over the pairs [%].
    """

    family: str
    bits: int
    recipe: str
    n_points: int
    n_best: int
    gain: MeanDifference
    loss_pct: float
    changed_weights_pct: float

    @property
    def recovered_pct(self) -> float:
        """Share of the loss that the recipe recovers [%]; NaN where there is no loss."""
        return 100.0 * self.gain.mean_pct / self.loss_pct if self.loss_pct > 0 else float("nan")


def recipe_findings(
    evaluations: "pd.DataFrame", float_test_top1_pct: float
) -> tuple[RecipeFinding, ...]:
    """Return the findings by family, width and recipe; none where ``none`` is the only recipe.

    Args:
        evaluations: One evaluation a row, without missing numbers.
        float_test_top1_pct: Test accuracy before quantization [%].
    """
    from pandas import concat

    is_plain = evaluations["recipe"] == _BASELINE
    plain = evaluations[is_plain].set_index("cost_key")
    if is_plain.all():
        return ()
    best = best_recipes(evaluations)
    rows = concat([evaluations[~is_plain], best.assign(recipe=BEST)])
    comparable = rows[rows["cost_key"].isin(plain.index) & rows["weight_family"].isin(_FAMILIES)]
    groups = comparable.groupby(["weight_family", "weight_bits", "recipe"], sort=False)
    winners = set(best["digest"])
    found = [_finding(group, plain, winners, float_test_top1_pct) for _, group in groups]
    return tuple(sorted(found, key=lambda item: (item.family, item.bits)))


def _finding(
    group: "pd.DataFrame", plain: "pd.DataFrame", winners: set[str], float_pct: float
) -> RecipeFinding:
    first = group.iloc[0]
    before = plain.loc[group["cost_key"]]
    pairs = list(zip(group["test_correct"], before["test_correct"], strict=True))
    return RecipeFinding(
        family=_FAMILIES[first["weight_family"]],
        bits=int(first["weight_bits"]),
        recipe=first["recipe"],
        n_points=len(group),
        n_best=int(group["digest"].isin(winners).sum()),
        gain=mean_difference(pairs, int(first["n_test"])),
        loss_pct=float_pct - float(before["test_top1_pct"].mean()),
        changed_weights_pct=float(group["changed_weights_pct"].mean()),
    )


def recipes_table(findings: Iterable[RecipeFinding]) -> str:
    """Return the findings as Markdown."""
    headings = [
        "weights", "recipe", "pairs", "best of", "gain [points]", f"{MINUS}loss of none [points]",
        "recovered", "weights changed",
    ]  # fmt: skip
    rows = (
        [
            f"{found.family}, {found.bits} bits",
            escape(found.recipe),
            str(found.n_points),
            str(found.n_best),
            _gain(found.gain),
            f"{-found.loss_pct:+.2f}",
            f"{found.recovered_pct:.0f} %" if found.loss_pct > 0 else NOTHING,
            f"{found.changed_weights_pct:.1f} %",
        ]
        for found in findings
    )
    return table(headings, rows, "llrrrrrr")


def winners_table(best: "pd.DataFrame") -> str:
    """Return which recipe is best on validation for each pair of formats.

    Args:
        best: One row a pair, as `best_recipes` returns them.
    """
    acts = list(dict.fromkeys(best["act_format"]))
    names = best.set_index(["weight_format", "act_format"])["recipe"].to_dict()
    rows = (
        [
            escape(weight),
            *(escape(names[weight, act]) if (weight, act) in names else NOTHING for act in acts),
        ]
        for weight in dict.fromkeys(best["weight_format"])
    )
    return table([f"weights {TIMES} activations", *map(escape, acts)], rows, "l" * (1 + len(acts)))


def _gain(gain: MeanDifference) -> str:
    interval = gain.interval
    return f"{gain.mean_pct:+.2f} ({interval.low_pct:+.2f} … {interval.high_pct:+.2f})"
