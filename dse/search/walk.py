"""A sampler's way through a space, on any number of workers the same.

A sampler is asked for its k-th candidate when it has been told the results of the first k − p and
no others, in the order they were asked for; the other p − 1 it knows to be pending. When results
really come decides nothing, so neither the number of workers nor an interruption changes what is
asked: a search that goes on walks again over what the folder holds, at no cost, and then on.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from dse.quant import AccuracyResult, Outcome
from dse.search.costs import cost_rows, cost_table
from dse.search.effort import Effort
from dse.search.header import Header
from dse.search.layer_space import LayerSpace
from dse.search.rows import PlannedPoint
from dse.search.samplers import Candidate, Sampler
from dse.search.store import Store
from dse.search.work import Job, Task

_REPEATS_AT_MOST = 1000
"""Known candidates asked for in a row before a sampler counts as stuck."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """Candidates on their way into the store.

    Attributes:
        space: Where they come from.
        header: Of the study.
        store: Of the study.
        points: What is planned, in that order.
        errors: Validation errors [%] of what has been evaluated; `None`: it has none.
    """

    space: LayerSpace
    header: Header
    store: Store
    points: dict[Candidate, PlannedPoint]
    errors: dict[Candidate, float | None] = field(default_factory=dict)
    _candidates: dict[str, Candidate] = field(default_factory=dict)

    @classmethod
    def of(cls, space: LayerSpace, header: Header, store: Store) -> Self:
        """Return the walk so far."""
        planned = {space.candidate(item.point): item for item in store.planned()}
        walk = cls(space=space, header=header, store=store, points=planned)
        walk._candidates = {item.accuracy_key: found for found, item in planned.items()}
        for key, top1_pct in store.validation().items():
            if key in walk._candidates:
                walk.errors[walk._candidates[key]] = None if top1_pct is None else 100.0 - top1_pct
        return walk

    def begun(self, effort: Effort) -> int:
        """Return how many points there were when this effort began, perhaps some runs ago."""
        run = self.store.last_run()
        begun = None if run is None else effort.begun_in(run.search)
        return len(self.points) if begun is None else begun

    def learn(self, accuracy_key: str, outcome: Outcome) -> None:
        """Take a result into the store."""
        self.store.add(accuracy_key, outcome)
        error_pct = 100.0 - outcome.val_top1_pct if isinstance(outcome, AccuracyResult) else None
        self.errors[self._candidates[accuracy_key]] = error_pct

    def unfinished(self) -> Iterator[Task]:
        """Yield what was planned when a search was killed."""
        for item in self.store.missing():
            yield _task(item)

    def asked(self, sampler: Sampler, effort: Effort, begun: int) -> Iterator[Task | None]:
        """Yield what a sampler asks for and nobody has evaluated; `None` while it must wait."""
        window: deque[Candidate] = deque()
        most = effort.window
        told: dict[Candidate, None] = {}
        failed: dict[Candidate, None] = {}

        def tell(candidate: Candidate) -> None:
            told[candidate] = None
            error_pct = self.errors[candidate]
            if error_pct is None:
                failed[candidate] = None
            else:
                sampler.tell(candidate, error_pct)

        for candidate in list(self.points)[:begun]:
            tell(candidate)
        repeats = 0
        while len(self.points) < effort.trials and repeats < _REPEATS_AT_MOST:
            if len(window) == most:
                while window[0] not in self.errors:
                    yield None
                tell(window.popleft())
            asked = sampler.ask((*window, *failed))  # what has no result stays pending for ever
            if asked is None:
                return
            repeats = repeats + 1 if asked in told or asked in window else 0
            if asked in told:
                tell(asked)
                continue
            window.append(asked)
            if asked not in self.points:
                yield self._planned(asked)

    def _planned(self, candidate: Candidate) -> Task:
        point = self.space.point(candidate)
        planned = PlannedPoint.of(point, self.header.accuracy, self.header.cost)
        table = cost_table(self.space.template, [point])
        (cost,) = cost_rows(table, [planned.cost_key])
        self.store.append(planned, cost)
        self.points[candidate] = planned
        self._candidates[planned.accuracy_key] = candidate
        return _task(planned)


def _task(planned: PlannedPoint) -> Task:
    return (Job(accuracy_key=planned.accuracy_key, quantization=planned.point.quantization),)
