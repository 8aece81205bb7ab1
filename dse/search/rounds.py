"""What is evaluated when: rounds of tasks, each of which waits for the one before.

What a round depends on are the results of the rounds before it, all of them, and nothing else. So
neither the number of workers nor an interruption changes what is trained or which points end early.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dse.search.evaluate import shared_tasks, trainings
from dse.search.header import Header
from dse.search.rows import CostRow, PlannedPoint
from dse.search.store import Store
from dse.search.work import Task
from dse.selection import best_recipes, leading

if TYPE_CHECKING:
    import pandas as pd

_FIRST_ROUND = 16
"""Points of the first round of a study whose points may end early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study is to do before anything is trained.

    Attributes:
        header: Its header.
        points: Its points.
        costs: Their costs.
    """

    header: Header
    points: tuple[PlannedPoint, ...]
    costs: tuple[CostRow, ...]


def rounds(
    store: Store, plan: Plan, folder: Path, slots: Callable[[], int]
) -> Iterator[Sequence[Task]]:
    """Plan a study, and yield what its store lacks, round by round.

    The results of a round must be in the store before the next is asked for.

    Args:
        store: The study.
        plan: What it is to do.
        folder: Where it is kept.
        slots: Returns the number of workers; it decides the size of tasks, not their results.
    """
    store.plan(plan.points, plan.costs)
    for points, floors in _evaluations(store, plan):
        wanted = {point.digest for point in points}
        missing = [point for point in store.missing() if point.digest in wanted]
        if missing:
            yield shared_tasks(missing, slots(), floors)
    if plan.header.settings.qat:
        store.plan((*plan.points, *_to_train(plan, store.evaluations())), plan.costs)
        if missing := store.missing():
            yield trainings(missing, folder)


def _evaluations(
    store: Store, plan: Plan
) -> Iterator[tuple[Sequence[PlannedPoint], Mapping[str, float]]]:
    """Yield the points of each round, and below which validation accuracy each may end [%].

    Where points may end early the cheapest come first, for only they can dominate others, and
    rounds double what is known. A point may end below the best that one of an earlier round, which
    costs no more, has reached.
    """
    if plan.header.settings.exact:
        yield plan.points, {}
        return
    columns = [name for name in plan.header.objectives if not name.endswith("_pct")]
    costs = {
        row.cost_key: tuple(float(getattr(row, name)) for name in columns) for row in plan.costs
    }
    ordered = sorted(plan.points, key=lambda point: costs[point.cost_key])
    start, end = 0, _FIRST_ROUND
    while start < len(ordered):
        earlier = {point.digest for point in ordered[:start]}
        evaluations = store.evaluations()
        known = evaluations[evaluations["digest"].isin(earlier)]
        cost, accuracy = known[columns].to_numpy(np.float64), known["val_top1_pct"].to_numpy()
        floors = {
            point.accuracy_key: float(
                accuracy[(cost <= costs[point.cost_key]).all(axis=1)].max(initial=0.0)
            )
            for point in ordered[start:end]
        }
        yield ordered[start:end], floors
        start, end = end, 2 * end


def _to_train(plan: Plan, evaluations: "pd.DataFrame") -> Iterator[PlannedPoint]:
    """Yield the points to be trained: pairs of formats, each from its best recipe on validation.

    The pairs are those without which the front would lose most, and where it has fewer than are
    asked for, those of the front behind it.
    """
    header = plan.header
    settings, reference = header.settings, header.reference
    chosen = leading(
        best_recipes(evaluations),
        header.objectives,
        (reference.error_pct, reference.log2_cost),
        settings.qat,
    )
    points = {item.digest: item.point for item in plan.points}
    for digest in chosen["digest"]:
        point = replace(points[digest], training=settings.training)
        yield PlannedPoint.of(point, header.accuracy, header.cost)
