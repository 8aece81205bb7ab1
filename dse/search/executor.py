"""Who finds accuracies: this process, worker processes, a Dask cluster, or anybody's executor."""

from collections.abc import Generator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType, TracebackType
from typing import Self

from dse.errors import BitfrontError, DesignError
from dse.progress import Progress, silent
from dse.search.dispatch import LOGS, Crew, Dispatcher, Feed
from dse.search.known import Known, Remembering, recalled
from dse.search.work import Evaluates, Factory, Finished, Task, WorkerLost, done, work

PROCESSES, DASK = "processes", "dask"


class ExecutorCrew:
    """Any executor of `concurrent.futures`."""

    def __init__(self, executor: Executor, factory: Factory, jobs: int) -> None:
        """Use an executor.

        Args:
            executor: Runs functions; each of its threads keeps a source of its own.
            factory: Makes the sources.
            jobs: Tasks it does at a time.
        """
        self.heard: SimpleQueue[object] = SimpleQueue()
        self._executor, self._factory, self._jobs = executor, factory, jobs

    def slots(self) -> int:
        """Return how many tasks are done at a time."""
        return self._jobs

    def submit(self, task: Task) -> Future[tuple[Finished, ...]]:
        """Have a task done.

        Raises:
            BitfrontError: The executor is broken.
        """
        try:
            return self._executor.submit(work, self._factory, task)
        except BrokenExecutor as error:
            raise _broken(error) from error

    def lost(self, error: BaseException) -> WorkerLost | None:
        """Return nothing: an executor that loses a worker is broken as a whole.

        Raises:
            BitfrontError: It is.
        """
        if isinstance(error, BrokenExecutor):
            raise _broken(error) from error
        return None


def _broken(error: BrokenExecutor) -> BitfrontError:
    return BitfrontError(
        f"the executor is broken ({error}); finished evaluations are kept: go on with a new one"
    )


def check_executor(executor: str | Executor, jobs: int) -> None:
    """Refuse an executor nobody knows, or one that is not installed.

    Raises:
        DesignError: Says what is wrong.
    """
    if jobs < 1:
        raise DesignError(f"--jobs is {jobs}; give at least 1 process")
    if not isinstance(executor, str) or executor == PROCESSES:
        return
    kind, colon, address = executor.partition(":")
    if kind != DASK or (colon and not address):
        raise DesignError(
            f"--executor is '{executor}'; give processes, dask, or dask:ADDRESS of a scheduler, "
            "e.g. dask:tcp://host:8786"
        )
    try:
        import distributed  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise DesignError(
            f"--executor {executor} needs Dask, which is not installed: "
            "pip install 'bitfront[dask]'"
        ) from error


class Workers:
    """Finds accuracies by an executor that is opened when it is first needed.

    With `processes` and one job that is this process. Use it as a context manager.
    """

    def __init__(
        self,
        executor: str | Executor,
        jobs: int,
        *,
        source: Evaluates,
        factory: Factory,
        folder: Path,
        known: Known = MappingProxyType({}),
        progress: Progress = silent,
    ) -> None:
        """Open nothing yet.

        Args:
            executor: ``processes``, ``dask``, ``dask:ADDRESS``, or an executor.
            jobs: Processes at most; tasks at a time for an executor.
            source: Finds accuracies in this process.
            factory: Makes the same source in another one.
            folder: Of the study.
            known: Accuracies that need not be found.
            progress: Told of the progress of long tasks.
        """
        self._executor, self._jobs = executor, jobs
        self._source = source if executor == PROCESSES and jobs == 1 else None
        self._factory, self._progress, self._logs = factory, progress, folder / LOGS
        self._known = known
        self._stack = ExitStack()
        self._crew: Crew | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def slots(self) -> int:
        """Return how many tasks are done at a time."""
        return 1 if self._source is not None else self._opened().slots()

    def results(self, feed: Feed) -> Generator[Finished, None, None]:
        """Yield the results of tasks as they come; see `Dispatcher.results`."""
        if self._source is not None:
            yield from results_here(self._source, feed, self._progress, self._known)
            return
        tasks = iter(feed)
        if (first := next(tasks, None)) is None:
            return
        crew = Remembering(self._opened(), self._known)
        dispatcher = Dispatcher(crew=crew, logs=self._logs, progress=self._progress)
        yield from dispatcher.results(chain([first], tasks))

    def _opened(self) -> Crew:
        if self._crew is None:
            self._crew = self._stack.enter_context(self._open())
        return self._crew

    def _open(self) -> AbstractContextManager[Crew]:
        if isinstance(self._executor, Executor):
            return nullcontext(ExecutorCrew(self._executor, self._factory, self._jobs))
        if self._executor == PROCESSES:
            from dse.search.processes import process_crew

            return process_crew(self._factory, self._jobs)
        from dse.search.dask_crew import dask_crew

        return dask_crew(self._executor.partition(":")[2], self._factory, self._jobs)


def results_here(
    source: Evaluates,
    feed: Feed,
    progress: Progress = silent,
    known: Known = MappingProxyType({}),
) -> Generator[Finished, None, None]:
    """Yield the results of all tasks, computed in this process, in order."""
    for task in feed:
        assert task is not None, "every result is there"
        found, rest = recalled(task, known)
        yield from found
        if rest is not None:
            yield from done(source, rest, progress)
