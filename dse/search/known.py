"""Accuracies that other studies found: nothing that decides them depends on hardware.

The same network in the same formats is as accurate on another board, at another frame rate or
folding. Keys hold all that decides an accuracy, so equal keys are enough.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue

from dse.quant import AccuracyResult
from dse.search.dispatch import Crew
from dse.search.store import Store
from dse.search.work import Finished, Task, Training, WorkerLost

Known = Mapping[str, AccuracyResult]
"""Accuracies by their keys."""


def known_accuracies(folders: Iterable[Path]) -> Known:
    """Return the accuracies in the studies in `folders`, whatever their networks.

    Raises:
        DataError: There is no study in a folder, or it is damaged.
    """
    known: dict[str, AccuracyResult] = {}
    for folder in folders:
        with Store.open_readonly(folder) as store:
            known |= store.accuracies()
    return known


def recalled(task: Task, known: Known) -> tuple[tuple[Finished, ...], Task | None]:
    """Return what is known of a task, and the rest of it; `None`: nothing is left to do.

    Trainings are done anew: their networks are not in the other study's place.
    """
    if isinstance(task, Training):
        return (), task
    keys = [job.accuracy_key for job in task]
    rest = tuple(job for job in task if job.accuracy_key not in known)
    return tuple((key, known[key]) for key in keys if key in known), rest or None


class Remembering:
    """A crew that does not do what is known."""

    def __init__(self, crew: Crew, known: Known) -> None:
        """Put what is known before a crew."""
        self.heard: SimpleQueue[object] = crew.heard
        self._crew, self._known = crew, known

    def slots(self) -> int:
        """Return how many tasks are done at a time."""
        return self._crew.slots()

    def submit(self, task: Task) -> "Future[tuple[Finished, ...]]":
        """Tell what is known of a task, and have the rest done."""
        found, rest = recalled(task, self._known)
        for finished in found:
            self.heard.put(finished)
        if rest is not None:
            return self._crew.submit(rest)
        nothing: Future[tuple[Finished, ...]] = Future()
        nothing.set_result(())
        return nothing

    def lost(self, error: BaseException) -> WorkerLost | None:
        """Return what a task's error says about its worker; `None`: nothing."""
        return self._crew.lost(error)
