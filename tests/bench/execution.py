"""Execution of studies on Dask: speed of two workers, memory of ten thousand points, 64 workers.

Wall-clock seconds, for that is what workers save; a busy machine shows in them.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from dask import config
from distributed import LocalCluster

from dse.formats import default_sweep, parse_format
from dse.point import Quantization, Scheme
from dse.progress import Progress
from dse.quant import AccuracyResult, Outcome
from dse.search.evaluate import AccuracySource
from dse.search.executor import Workers
from dse.search.source import NetworkAccuracy
from dse.search.work import Evaluates, Factory, Job, Task

ROUNDS = 2
REAL = {"digits-cnn": ("digits", 288), "fmnist-cnn": ("fashion-mnist", 48)}
"""Networks, data and evaluations a round: of milliseconds each, and of a second."""
CHEAP, TOGETHER = 10_000, 8
"""Points that take no time, and how many of them a task holds, as in a sweep."""
WORKERS, TASKS_A_WORKER, TASK_SECONDS = 64, 10, 1.0
"""Of the simulation: sleeping takes no processor, so 64 workers fit on any machine."""

_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "60s",
}
_INT8 = Quantization(scheme=Scheme.uniform(("layer",), *[parse_format("int8")] * 3))
_RESULT = AccuracyResult(
    val_top1_pct=50.0,
    n_val=1000,
    test_top1_pct=50.0,
    n_test=10_000,
    test_correct=bytes(1250),
    changed_weights_pct=0.0,
    seconds=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeper:
    """Finds an accuracy by sleeping; its own factory.

    Attributes:
        seconds: How long [s].
    """

    seconds: float

    def __call__(self) -> "Sleeper":
        """Return it."""
        return self

    def evaluate(
        self, wanted: Sequence[Quantization], floors_pct: Sequence[float]
    ) -> Iterator[Outcome]:
        """Sleep once a quantization."""
        for _ in wanted:
            time.sleep(self.seconds)
            yield _RESULT

    def train_and_measure(
        self, wanted: Quantization, checkpoint: Path, progress: Progress
    ) -> Outcome:
        """Train nothing."""
        raise NotImplementedError


def sleeping(count: int, together: int = 1) -> Iterator[Task]:
    """Yield tasks for `Sleeper`, of so many points each."""
    for start in range(0, count, together):
        numbers = range(start, min(start + together, count))
        yield tuple(Job(accuracy_key=str(number), quantization=_INT8) for number in numbers)


def resident_mib() -> float:
    """Return what this process has in memory [MiB], scheduler included."""
    (line,) = [
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line
    ]
    return int(line.split()[1]) / 1024


@contextmanager
def opened(
    factory: Factory, source: Evaluates, jobs: int, executor: str | Executor
) -> Iterator[Workers]:
    """Open workers."""
    with (
        TemporaryDirectory() as folder,
        Workers(executor, jobs, source=source, factory=factory, folder=Path(folder)) as workers,
    ):
        workers.slots()
        yield workers


def real_tasks(source: AccuracySource, count: int) -> list[Task]:
    """Return evaluations of a network, one a task."""
    formats = default_sweep()
    pairs = [(weight, act) for weight in formats for act in formats][:count]
    return [
        (
            Job(
                accuracy_key=f"{weight.name}-{act.name}",
                quantization=Quantization(
                    scheme=Scheme.uniform(source.layers, weight, act, source.input_format)
                ),
            ),
        )
        for weight, act in pairs
    ]


def two_against_one(model: str, data: str, points: int) -> dict[str, object]:
    """Time the same evaluations on one worker and on two, in turn."""
    network = NetworkAccuracy.load(
        model=model, checkpoint=None, data=data, calibration=None, seed=0
    )
    source = network()
    tasks = real_tasks(source, points)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for jobs, times in seconds.items():
            with opened(network, source, jobs, "dask") as workers:
                list(workers.results(tasks[: 4 * jobs]))  # every worker has its network
                began = time.perf_counter()
                assert len(list(workers.results(tasks))) == len(tasks)
                times.append(time.perf_counter() - began)
    best = {jobs: min(times) for jobs, times in seconds.items()}
    return {"points": points, "seconds": seconds, "speed_up": best[1] / best[2]}


def memory() -> dict[str, object]:
    """Look at the coordinator's memory while very many points go through."""
    sleeper, marks = Sleeper(seconds=0.0), {}
    with opened(sleeper, sleeper, 2, "dask") as workers:
        began = time.perf_counter()
        with closing(workers.results(sleeping(CHEAP, TOGETHER))) as results:
            for tenth in range(1, 11):
                assert sum(1 for _ in islice(results, CHEAP // 10)) == CHEAP // 10
                marks[tenth * CHEAP // 10] = resident_mib()
        seconds = time.perf_counter() - began
    first, last = marks[CHEAP // 10], marks[CHEAP]
    return {
        "points": CHEAP,
        "seconds": seconds,
        "resident_mib": marks,
        "growth_after_the_first_tenth": last / first,
    }


def many_workers() -> dict[str, object]:
    """Compare with the time that workers without any overhead would take: threads, then Dask's.

    All of Dask's workers share one event loop here, so each is kept from looking at its profile,
    memory and machine many times a second, which on machines of their own disturbs nobody.
    """
    with ThreadPoolExecutor(WORKERS) as threads:
        alone = _slept(threads)
    with (
        config.set(_QUIET),
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=False,
            memory_limit=0,
            dashboard_address=":0",
        ) as cluster,
    ):
        of_dask = _slept(f"dask:{cluster.scheduler_address}")
    ideal = TASK_SECONDS * TASKS_A_WORKER
    return {
        "workers": WORKERS,
        "tasks": WORKERS * TASKS_A_WORKER,
        "task_seconds": TASK_SECONDS,
        "seconds": {"threads": alone, "dask": of_dask},
        "efficiency": {"threads": ideal / alone, "dask": ideal / of_dask},
    }


def _slept(executor: str | Executor) -> float:
    """Return how long all tasks took [s]."""
    sleeper, count = Sleeper(seconds=TASK_SECONDS), WORKERS * TASKS_A_WORKER
    with opened(sleeper, sleeper, WORKERS, executor) as workers:
        began = time.perf_counter()
        assert len(list(workers.results(sleeping(count)))) == count
        return time.perf_counter() - began


def run() -> dict[str, object]:
    """Aim: two workers 1.7 times as fast as one, memory that does not grow, efficiency of 0.9."""
    return {
        "two_workers_over_one": {
            model: two_against_one(model, data, points) for model, (data, points) in REAL.items()
        },
        "memory": memory(),
        "many_workers": many_workers(),
    }
