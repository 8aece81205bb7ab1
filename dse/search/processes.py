"""Worker processes on this machine, of which any may die without harm to the others.

A thread of this process looks after each worker and talks to it through a pipe. What a worker has
found is handed over at once, so that a kill loses at most what is being computed. A dead worker
loses its task alone, and the thread starts another; workers end when their parent does. (The
standard library's pool breaks as a whole when one worker dies, and its workers outlive a parent
that is killed.)
"""

import faulthandler
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing import connection, get_context, parent_process
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import IO, NoReturn

from dse.errors import BitfrontError, DataError
from dse.search.work import Factory, Finished, Task, Training, WorkerLost, own_source, work

_END_SECONDS = 5.0
_STARTS_AT_MOST = 3
_LOG_BYTES = 4000

Pipe = connection.Connection  # of two processes that trust each other


class _Signal(Enum):
    READY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class _Returned:
    results: tuple[Finished, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    pipe: "Pipe[object, object]"
    log: IO[bytes]

    def lost(self) -> WorkerLost:
        """Return how the worker ended, and the end of its log."""
        self.process.join(_END_SECONDS)
        code = self.process.exitcode
        how = f"killed by signal {-code}" if code is not None and code < 0 else f"ended ({code})"
        self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, self.log.tell() - _LOG_BYTES))
        log = self.log.read().decode(errors="replace")
        return WorkerLost(deaths=1, how=f"process {self.process.pid}, {how}", log=log)


class ProcessCrew:
    """Up to `jobs` processes, started when there is work for them."""

    def __init__(self, factory: Factory, jobs: int) -> None:
        """Start nothing yet.

        Args:
            factory: Makes each worker's accuracy source.
            jobs: Processes at most.
        """
        self.heard: SimpleQueue[object] = SimpleQueue()
        self._factory, self._jobs = factory, jobs
        self._context = get_context("spawn")
        # Ctrl-C goes to the whole group of processes, but only this one is to act on it
        self._threads = ThreadPoolExecutor(
            jobs, "worker", lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        )
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._lock = threading.Lock()  # of what follows, and of starting processes
        self._workers: list[_Worker] = []
        self._closed = False

    def slots(self) -> int:
        """Return how many tasks are done at a time."""
        return self._jobs

    def submit(self, task: Task) -> Future[tuple[Finished, ...]]:
        """Have a task done; its words go to `heard`."""
        return self._threads.submit(self._done, task)

    def lost(self, error: BaseException) -> WorkerLost | None:
        """Return what a task's error says about its worker; `None`: nothing."""
        return error if isinstance(error, WorkerLost) else None

    def _done(self, task: Task) -> tuple[Finished, ...]:
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = self._started()
        try:
            worker.pipe.send(task)
            while True:
                match worker.pipe.recv():
                    case _Returned(results=results):
                        self._idle.put(worker)
                        return results
                    case _Raised(error=error):
                        raise error
                    case word:
                        self.heard.put(word)
        except (EOFError, ConnectionError) as error:
            raise self._buried(worker) from error

    def _started(self) -> _Worker:
        """Start a worker and wait until it has its network."""
        for _ in range(_STARTS_AT_MOST):
            worker = self._start()
            try:
                match worker.pipe.recv():
                    case _Raised(error=error):
                        raise error
                return worker
            except (EOFError, ConnectionError):
                lost = self._buried(worker)
        raise BitfrontError(
            f"worker processes end while they load the network (the last was {lost.how}), perhaps "
            "for want of memory; finished evaluations are kept: run the command again, or with "
            "fewer --jobs"
        )

    def _start(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise BitfrontError("the worker processes have been ended")
            try:
                ours, theirs = self._context.Pipe()
                log = tempfile.NamedTemporaryFile(prefix="bitfront-worker-", delete=False)  # noqa: SIM115
                process = self._context.Process(
                    target=_serve, args=(self._factory, theirs, Path(log.name)), daemon=True
                )
                process.start()
            except OSError as error:
                raise DataError(f"cannot start a worker process: {error}") from error
            theirs.close()  # so that a dead worker is heard as the end of the pipe
            worker = _Worker(process=process, pipe=ours, log=log)
            self._workers.append(worker)
        return worker

    def _buried(self, worker: _Worker) -> WorkerLost:
        with self._lock:
            lost = worker.lost()
            if worker in self._workers and not self._closed:
                self._workers.remove(worker)
                _release(worker)
        return lost

    def close(self, *, now: bool) -> None:
        """End the processes.

        Args:
            now: Whatever they are doing; otherwise they have nothing left to do.
        """
        with self._lock:
            self._closed = True
        for worker in self._workers:
            if now:
                worker.process.terminate()
            else:
                worker.pipe.close()  # an idle worker ends when nobody can send it a task
        for worker in self._workers:
            worker.process.join(_END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            _release(worker)


@contextmanager
def process_crew(factory: Factory, jobs: int) -> Iterator[ProcessCrew]:
    """Make a crew without processes, and end those it has, whatever happens."""
    crew = ProcessCrew(factory, jobs)
    try:
        yield crew
    except BaseException:
        crew.close(now=True)
        raise
    crew.close(now=False)


def _release(worker: _Worker) -> None:
    worker.pipe.close()
    worker.log.close()
    Path(worker.log.name).unlink(missing_ok=True)
    worker.process.close()


def _serve(factory: Factory, pipe: "Pipe[object, object]", log: Path) -> None:
    """Do tasks from `pipe` until it closes; every result goes back at once."""
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with log.open("wb", buffering=0) as file:
        os.dup2(file.fileno(), 2)
    faulthandler.enable()  # a crash in a library then leaves a traceback in the log
    try:
        own_source(factory)
        pipe.send(_Signal.READY)
        while True:
            task = pipe.recv()
            assert isinstance(task, tuple | Training)
            pipe.send(_Returned(results=work(factory, task, pipe.send)))
    except (EOFError, ConnectionError):
        return  # nobody listens any more
    except Exception as error:  # noqa: BLE001 - the other process decides what to do with it
        pipe.send(_Raised(error=error))


def _end_with_parent() -> None:
    """Wait until the parent has ended, then end this process: nobody needs it any more."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_END_SECONDS)
    os._exit(1)  # it is deep in a library that does not return


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End in order, so that libraries can take back what they hold of the system."""
    sys.exit(128 + number)
