"""SQNR of layers and formats as files, and how well it orders a study's points."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dse.files import replace_atomically
from dse.plots.save import save_figure
from dse.plots.sensitivity import sensitivity
from dse.selection import FAMILIES, families
from hw_models.calibration.judge import kendall_tau

if TYPE_CHECKING:
    from dse.quant.sensitivity import LayerSqnr, Sensitivity
    from dse.search.store import Store

_LEAST_POINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RankAgreement:
    """How well predicted SQNR orders the points of a study.

    Attributes:
        points: Which points: ``all``, or a family of formats.
        n: How many.
        tau: Kendall's tau-b of predicted SQNR and validation accuracy.
    """

    points: str
    n: int
    tau: float


def write_sensitivity(rows: "Sequence[LayerSqnr]", folder: Path) -> None:
    """Write ``sensitivity.csv`` and the figure into `folder`.

    Raises:
        DataError: A file cannot be written.
    """
    table = pd.DataFrame([asdict(row) for row in rows])
    replace_atomically(folder / "sensitivity.csv", table.to_csv(index=False, lineterminator="\n"))
    save_figure(sensitivity(table), folder / "sensitivity")


def rank_agreement(store: "Store", found: "Sensitivity") -> tuple[RankAgreement, ...]:
    """Return how predicted SQNR and validation accuracy agree: over all points, and by family.

    Points of recipe ``none`` count, whose scales are those the SQNR is of. Families of fewer than
    three points are left out.
    """
    evaluations = store.evaluations()
    plain = evaluations[evaluations["recipe"] == "none"].dropna(subset=["val_top1_pct"])
    predicted = np.array(
        [found.predicted_sqnr_db(store.point(digest).scheme) for digest in plain["digest"]]
    )
    accuracy = plain["val_top1_pct"].to_numpy(dtype=np.float64)
    groups = {"all": np.ones(len(plain), dtype=np.bool_)}
    family_of = families(plain)
    groups |= {family: (family_of == family).to_numpy() for family in FAMILIES}
    return tuple(
        RankAgreement(
            points=name, n=int(chosen.sum()), tau=kendall_tau(predicted[chosen], accuracy[chosen])
        )
        for name, chosen in groups.items()
        if chosen.sum() >= _LEAST_POINTS
    )
