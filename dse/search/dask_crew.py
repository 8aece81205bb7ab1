"""Workers of a Dask cluster: one made here, or one that is there already.

What workers need to make the network, weights included, goes to each of them once, also to those
that come later or come back.
"""

import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

import dask
from distributed import Client, LocalCluster, Worker, WorkerPlugin, get_worker
from distributed.scheduler import KilledWorker

from dse.errors import DesignError
from dse.search.malloc import keep_freed_memory
from dse.search.work import Factory, Finished, Task, WorkerLost, own_source, work

_CONNECT_SECONDS = 30.0
_LOOK_SECONDS = 1.0


class _Equipment(WorkerPlugin):
    """What a worker makes its network from."""

    def __init__(self, name: str, factory: Factory) -> None:
        self.name, self.factory = name, factory

    def setup(self, worker: Worker) -> None:
        """Take it along; the network is made by the thread that uses it."""
        keep_freed_memory()


def _factory(name: str) -> Factory:
    equipment = get_worker().plugins[name]
    assert isinstance(equipment, _Equipment)
    return equipment.factory


def _prepared(name: str) -> None:
    own_source(_factory(name))


def _work(name: str, task: Task) -> tuple[Finished, ...]:
    return work(_factory(name), task)


class DaskCrew:
    """The workers of a cluster, as many as there are at the moment."""

    def __init__(self, client: Client, name: str) -> None:
        """Use a cluster.

        Args:
            client: Connection to its scheduler.
            name: Of the equipment its workers have.
        """
        self.heard: SimpleQueue[object] = SimpleQueue()  # tasks tell nothing before they end
        self._client, self._name = client, name
        self._executor = client.get_executor(pure=False)
        self._slots, self._looked = 0, -_LOOK_SECONDS

    def slots(self) -> int:
        """Return how many workers there are, one at least.

        Raises:
            DesignError: A worker has several threads.
        """
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            threads = self._client.nthreads()
            for worker, count in threads.items():
                if count > 1:
                    raise DesignError(
                        f"the Dask worker {worker} has {count} threads; a network is evaluated by "
                        "one: start workers with --nthreads 1, and as many as there are cores"
                    )
            self._slots, self._looked = len(threads), time.monotonic()
        return max(1, self._slots)

    def submit(self, task: Task) -> Future[tuple[Finished, ...]]:
        """Have a task done by one of the workers."""
        future: Future[tuple[Finished, ...]] = self._executor.submit(_work, self._name, task)
        return future

    def lost(self, error: BaseException) -> WorkerLost | None:
        """Return what a task's error says about its worker; `None`: nothing."""
        if not isinstance(error, KilledWorker):
            return None
        where = f"Dask worker {error.last_worker.address}"
        return WorkerLost(deaths=error.allowed_failures + 1, how=where, log=str(error))


@contextmanager
def dask_crew(address: str, factory: Factory, jobs: int) -> Iterator[DaskCrew]:
    """Connect to a cluster and equip its workers.

    Args:
        address: Of its scheduler; ``""``: a cluster of `jobs` processes is made here.
        factory: Makes the network of each worker.
        jobs: Number of processes.

    Raises:
        DesignError: No scheduler answers at `address`.
    """
    with ExitStack() as stack:
        if not address:
            address = stack.enter_context(_local_cluster(jobs)).scheduler_address
        try:
            client = stack.enter_context(
                Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
            )
        except (OSError, ValueError) as error:
            raise DesignError(
                f"no Dask scheduler answers at {address}: {str(error) or type(error).__name__}"
            ) from error
        name = f"bitfront-{uuid.uuid4().hex}"
        client.register_plugin(_Equipment(name, factory))
        stack.callback(client.unregister_worker_plugin, name)
        client.submit(_prepared, name, pure=False).result()  # what is wrong with it is told here
        yield DaskCrew(client, name)


@contextmanager
def _local_cluster(jobs: int) -> Iterator[LocalCluster]:
    """Make a cluster whose workers ignore Ctrl-C, which is for this process."""
    settings = {"distributed.scheduler.allowed-failures": 0}  # deaths are counted by us
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with dask.config.set(settings):
            cluster = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address=":0",
                silence_logs="CRITICAL",
            )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with cluster:
        yield cluster
