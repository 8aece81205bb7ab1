"""Tasks on their way through workers, of which any may die.

A task whose worker died is done again, its points one by one. A point that two workers died of
waits until nothing else is in flight, so that no neighbour's death is laid to it; if the third
worker dies of it too, it is marked and the study goes on.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from dse.errors import BitfrontError
from dse.files import replace_atomically
from dse.progress import Progress, silent
from dse.quant import AccuracyResult, EndedEarly
from dse.search.work import Finished, Job, Step, Task, Training, WorkerLost, jobs_of

DEATHS_AT_MOST = 3
"""Workers that may die of a point before it is given up."""

LOGS = "killed"
"""Folder, in a study's, of what workers wrote before they died of a point."""

_DIGITS_OF_A_KEY = 16
_TASKS_A_SLOT = 2  # one is done, the next is there when it ends

Feed = Iterable[Task | None]
"""Tasks to do; `None`: the next depends on results that are not there yet."""


class Crew(Protocol):
    """Workers that do tasks.

    Attributes:
        heard: Where tasks tell what they find before they end.
    """

    heard: "SimpleQueue[object]"

    def slots(self) -> int:
        """Return how many tasks are done at a time; it may change."""

    def submit(self, task: Task) -> "Future[tuple[Finished, ...]]":
        """Have a task done."""

    def lost(self, error: BaseException) -> WorkerLost | None:
        """Return what a task's error says about its worker; `None`: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    task: Task
    began: float
    alone: bool


@dataclass(slots=True)
class _Suspect:
    deaths: int = 0
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Dispatcher:
    """Gives tasks to a crew, a bounded number at a time, whatever their number.

    Attributes:
        crew: Does them.
        logs: Folder for what workers wrote before they died of a point.
        progress: Told of the progress of long tasks.
    """

    crew: Crew
    logs: Path
    progress: Progress = silent
    _flights: "dict[Future[tuple[Finished, ...]], _Flight]" = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _again: deque[Task] = field(default_factory=deque)
    _last: deque[Task] = field(default_factory=deque)
    _suspects: dict[str, _Suspect] = field(default_factory=dict)

    def results(self, feed: Feed) -> Iterator[Finished]:
        """Yield the results of all tasks, each once, as they come.

        Raises:
            BitfrontError: What a worker raised, or the workers are gone.
            RuntimeError: A worker failed in an unforeseen way; holds its traceback.
        """
        tasks = iter(feed)
        self._fill(tasks)
        while self._flights:
            match self.crew.heard.get():
                case Step(name=name, done=done, total=total):
                    self.progress(name, done, total)
                case Future() as future:
                    yield from self._ended(future)
                case (str() as key, AccuracyResult() | EndedEarly() as outcome) if (
                    key in self._open
                ):
                    self._open.remove(key)
                    yield key, outcome
            self._fill(tasks)

    def _fill(self, tasks: Iterator[Task | None]) -> None:
        if any(flight.alone for flight in self._flights.values()):
            return
        while len(self._flights) < _TASKS_A_SLOT * self.crew.slots():
            task = self._again.popleft() if self._again else next(tasks, None)
            if task is None:
                break
            self._submit(task, alone=False)
        if not self._flights and self._last:
            self._submit(self._last.popleft(), alone=True)

    def _submit(self, task: Task, *, alone: bool) -> None:
        self._open.update(job.accuracy_key for job in jobs_of(task))
        future = self.crew.submit(task)
        self._flights[future] = _Flight(task=task, began=time.monotonic(), alone=alone)
        future.add_done_callback(self.crew.heard.put)

    def _ended(self, future: "Future[tuple[Finished, ...]]") -> Iterator[Finished]:
        flight = self._flights.pop(future)
        try:
            results = future.result()
        except CancelledError as error:
            raise BitfrontError(
                "the workers are gone; finished evaluations are kept: run the command again"
            ) from error
        except Exception as error:
            lost = self.crew.lost(error)
            if lost is None:
                raise
            yield from self._after_death(flight, lost)
            return
        for key, outcome in results:
            if key in self._open:  # not told before
                self._open.remove(key)
                yield key, outcome

    def _after_death(self, flight: _Flight, lost: WorkerLost) -> Iterator[Finished]:
        for job in jobs_of(flight.task):
            key = job.accuracy_key
            if key not in self._open:
                continue
            suspect = self._suspects.setdefault(key, _Suspect())
            suspect.deaths += lost.deaths
            suspect.seconds += time.monotonic() - flight.began
            single = flight.task if isinstance(flight.task, Training) else (job,)
            if suspect.deaths >= DEATHS_AT_MOST and flight.alone:
                self._open.remove(key)
                yield key, self._given_up(job, suspect, lost)
            elif suspect.deaths >= DEATHS_AT_MOST - 1:
                self._last.append(single)
            else:
                self._again.append(single)

    def _given_up(self, job: Job, suspect: _Suspect, lost: WorkerLost) -> EndedEarly:
        log = self.logs / f"{job.accuracy_key[:_DIGITS_OF_A_KEY]}.log"
        replace_atomically(log, f"{lost.how}\n{lost.log}")
        return EndedEarly(
            reason=f"{suspect.deaths} workers died of it, the last one: {lost.how}; "
            f"see {log.parent.name}/{log.name}",
            n_val=0,
            val_bound_pct=100.0,
            seconds=suspect.seconds,
        )
