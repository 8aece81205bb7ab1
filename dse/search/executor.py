"""Accuracies from several processes, each result handed over as it ends.

A pool of spawned workers, each with its own accuracy source and a pipe to this process. Results
come back one by one, so that a kill loses at most what is being computed. A worker whose parent
has died ends by itself at its next word.
"""

import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from multiprocessing import connection, get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

from dse.errors import BitfrontError
from dse.point import Quantization
from dse.progress import Progress, silent
from dse.quant import AccuracyResult, EndedEarly, Outcome

_END_SECONDS = 5.0


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


class _Signal(Enum):
    IDLE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crash:
    """A worker's unexpected exception, as text."""

    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a worker's long task tells of its progress."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    pipe: "connection.Connection[object, object]"


def run_here(
    source: Evaluates, rounds: Iterable[Sequence[Task]], progress: Progress = silent
) -> Generator[Finished, None, None]:
    """Yield the results of all tasks, computed in this process."""
    for task in chain.from_iterable(rounds):
        if isinstance(task, Training):
            job = task.job
            outcome = source.train_and_measure(job.quantization, task.checkpoint, progress)
            yield job.accuracy_key, outcome
            continue
        wanted, floors = zip(*((job.quantization, job.floor_pct) for job in task), strict=True)
        for job, result in zip(task, source.evaluate(wanted, floors), strict=True):
            yield job.accuracy_key, result


def run_in_processes(
    factory: Factory, rounds: Iterable[Sequence[Task]], jobs: int, progress: Progress = silent
) -> Generator[Finished, None, None]:
    """Yield the results of all tasks as they end, computed by up to `jobs` processes.

    A round is asked for when all results of the one before have been yielded. Closing the iterator,
    or an exception raised into it, ends the processes.

    Raises:
        BitfrontError: What a worker raised; or a worker ended before its work was done.
        RuntimeError: A worker failed in an unforeseen way; holds its traceback.
    """
    with _pool(factory) as pool:
        for tasks in rounds:
            pool.grow(min(jobs, len(tasks)))
            yield from _round(pool.workers, tasks, progress)


def _round(
    workers: Sequence["_Worker"], tasks: Sequence[Task], progress: Progress
) -> Iterator[Finished]:
    waiting = list(reversed(tasks))
    busy = {worker.pipe: worker for worker in workers[: len(tasks)]}
    for worker in busy.values():
        _give(worker, waiting.pop())
    while busy:
        for ready in connection.wait(list(busy)):
            assert isinstance(ready, connection.Connection)
            worker = busy[ready]
            match message := _heard(worker):
                case _Signal.IDLE if waiting:
                    _give(worker, waiting.pop())
                case _Signal.IDLE:
                    del busy[ready]
                case BitfrontError():
                    raise message
                case _Crash():
                    raise RuntimeError(f"a worker failed:\n{message.traceback}")
                case _Step():
                    progress(message.name, message.done, message.total)
                case (str() as accuracy_key, AccuracyResult() | EndedEarly() as result):
                    yield accuracy_key, result


def _give(worker: _Worker, task: Task) -> None:
    try:
        worker.pipe.send(task)
    except OSError as error:
        raise _death_of(worker) from error


def _heard(worker: _Worker) -> object:
    try:
        return worker.pipe.recv()
    except (EOFError, OSError) as error:
        raise _death_of(worker) from error


def _death_of(worker: _Worker) -> BitfrontError:
    worker.process.join(_END_SECONDS)
    code = worker.process.exitcode
    how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended ({code})"
    return BitfrontError(
        f"worker process {worker.process.pid} {how} before its work was done, perhaps for want of "
        "memory; finished evaluations are kept: run the command again, or with fewer --jobs"
    )


class _Pool:
    """Processes that do tasks."""

    def __init__(self, factory: Factory) -> None:
        self._factory, self._context = factory, get_context("spawn")
        self.workers: list[_Worker] = []

    def grow(self, count: int) -> None:
        """Start processes until there are `count`."""
        with _interrupts_ignored():
            while len(self.workers) < count:
                ours, theirs = self._context.Pipe()
                process = self._context.Process(
                    target=_work, args=(self._factory, theirs), daemon=True
                )
                process.start()
                theirs.close()  # so that a dead worker is heard as the end of the pipe
                self.workers.append(_Worker(process=process, pipe=ours))


@contextmanager
def _pool(factory: Factory) -> Iterator[_Pool]:
    """Make a pool without processes, and end those it has, whatever happens."""
    pool = _Pool(factory)
    try:
        yield pool
    except BaseException:
        for worker in pool.workers:
            worker.process.terminate()
        raise
    finally:
        for worker in pool.workers:
            worker.pipe.close()  # an idle worker ends when nobody is left to send it a task
        for worker in pool.workers:
            worker.process.join(_END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes started meanwhile ignore Ctrl-C: it goes to the whole group, we end them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(factory: Factory, pipe: "connection.Connection[object, object]") -> None:
    """Do tasks from `pipe` until it closes; every result goes back at once."""
    signal.signal(signal.SIGTERM, _end)

    def tell(name: str, done: int, total: int) -> None:
        pipe.send(_Step(name=name, done=done, total=total))

    try:
        source = factory()
        while True:
            task = pipe.recv()
            assert isinstance(task, tuple | Training)
            for finished in run_here(source, [[task]], tell):
                pipe.send(finished)
            pipe.send(_Signal.IDLE)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody listens any more
    except BitfrontError as error:
        pipe.send(error)
    except Exception:  # noqa: BLE001 - the other process decides what to do with it
        pipe.send(_Crash(traceback=traceback.format_exc()))


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End in order, so that libraries can take back what they hold of the system."""
    sys.exit(128 + number)
