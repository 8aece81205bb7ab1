"""What a worker is given, what it gives back, and how it does that."""

import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dse.errors import BitfrontError
from dse.point import Quantization
from dse.progress import Progress, silent
from dse.quant import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accuracy to find.

    Attributes:
        accuracy_key: Key it is stored under.
        quantization: What it is the accuracy of.
        floor_pct: Validation accuracy below which nobody needs it [%]; 0: everyone does.
    """

    accuracy_key: str
    quantization: Quantization
    floor_pct: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One network to train.

    Attributes:
        job: What its accuracy is the accuracy of, after training.
        checkpoint: File that holds how far training is, and in the end the trained network.
    """

    job: Job
    checkpoint: Path


Task = tuple[Job, ...] | Training
"""Jobs that share work and are done by one process, in order; or a training."""

Finished = tuple[str, Outcome]
"""An accuracy key and its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a long task tells of its progress."""

    name: str
    done: int
    total: int


Word = Finished | Step
"""What a task tells before it ends."""


class Evaluates(Protocol):
    """Whatever finds accuracies of quantizations."""

    def evaluate(
        self, wanted: Sequence[Quantization], floors_pct: Sequence[float]
    ) -> Iterator[Outcome]:
        """Yield the accuracy of each quantization, in order, each as soon as it is known.

        One that is sure to stay below its floor on validation may end.
        """

    def train_and_measure(
        self, wanted: Quantization, checkpoint: Path, progress: Progress
    ) -> Outcome:
        """Return the accuracy of a quantization after training, which goes on from its file."""


Factory = Callable[[], Evaluates]
"""Makes an accuracy source; picklable, so that each worker can make its own."""


class WorkerLost(Exception):  # noqa: N818 - no error yet: its tasks are done again
    """A worker ended before its task did.

    Attributes:
        deaths: Workers that this task has cost.
        how: What became of the last one, in words.
        log: What it wrote last.
    """

    def __init__(self, *, deaths: int, how: str, log: str) -> None:
        super().__init__(how)
        self.deaths, self.how, self.log = deaths, how, log


def jobs_of(task: Task) -> tuple[Job, ...]:
    """Return what a task finds the accuracies of."""
    return (task.job,) if isinstance(task, Training) else task


def done(source: Evaluates, task: Task, progress: Progress = silent) -> Iterator[Finished]:
    """Yield the results of a task, each as soon as it is known."""
    if isinstance(task, Training):
        job = task.job
        yield (
            job.accuracy_key,
            source.train_and_measure(job.quantization, task.checkpoint, progress),
        )
        return
    wanted, floors = zip(*((job.quantization, job.floor_pct) for job in task), strict=True)
    for job, result in zip(task, source.evaluate(wanted, floors), strict=True):
        yield job.accuracy_key, result


def _to_nobody(word: Word) -> None:
    """Tell nobody."""


def work(
    factory: Factory, task: Task, tell: Callable[[Word], None] = _to_nobody
) -> tuple[Finished, ...]:
    """Return the results of a task, found by this thread's own source.

    Args:
        factory: Makes the source when this thread has none of it yet.
        task: What to do.
        tell: Is told each result as soon as it is known, and the progress of long tasks.

    Raises:
        BitfrontError: What the source raised.
        RuntimeError: The source failed in an unforeseen way; holds its traceback.
    """

    def progress(name: str, done: int, total: int) -> None:
        tell(Step(name=name, done=done, total=total))

    results = []
    try:
        for finished in done(own_source(factory), task, progress):
            tell(finished)
            results.append(finished)
    except (BitfrontError, BrokenPipeError):
        raise
    except Exception as error:  # not every exception survives the way to another process
        raise RuntimeError(f"a worker failed:\n{traceback.format_exc()}") from error
    return tuple(results)


def own_source(factory: Factory) -> Evaluates:
    """Return the source that `factory` makes, which this thread keeps until it needs another.

    A source is a trained, calibrated network: made once a worker, and used by one thread alone.
    """
    if _OWN.factory != factory:
        _OWN.factory, _OWN.source = None, None  # there may be no memory for two
        _OWN.source = factory()
        _OWN.factory = factory
    assert _OWN.source is not None
    return _OWN.source


class _Own(threading.local):
    factory: Factory | None = None
    source: Evaluates | None = None


_OWN = _Own()
