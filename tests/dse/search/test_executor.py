"""Workers of every kind: the same results, and no study lost with one of them."""

import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pytest
from fake_accuracy import LAYERS, FakeFactory, accuracy_of

from dse.errors import BitfrontError, DataError, DesignError
from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.quant import EndedEarly
from dse.search.executor import Workers, check_executor
from dse.search.work import Job

UINT5 = parse_format("uint5")


def some_tasks(*names: str) -> list[tuple[Job, ...]]:
    """One task per weight format, one job per activation format."""
    return [
        tuple(
            Job(
                accuracy_key=f"{weight}-{act}",
                quantization=Quantization(
                    scheme=Scheme.uniform(LAYERS, parse_format(weight), parse_format(act), UINT5)
                ),
            )
            for act in names
        )
        for weight in names
    ]


NAMES = ("int3", "int4", "int5", "e2m1", "e4m3")
TASKS = some_tasks(*NAMES)
EXPECTED = {job.accuracy_key: accuracy_of(job.quantization) for task in TASKS for job in task}
KILLER = "int4-int4"


def children() -> list[multiprocessing.Process]:
    return multiprocessing.active_children()


def workers(folder, factory, executor="processes", jobs=2):
    return Workers(executor, jobs, source=factory(), factory=factory, folder=folder)


def results(folder, factory, executor="processes", jobs=2, tasks=TASKS):
    with workers(folder, factory, executor, jobs) as crew:
        return list(crew.results(tasks))


def test_in_this_process_results_come_in_order(tmp_path):
    found = results(tmp_path, FakeFactory(), jobs=1)
    assert [key for key, _ in found] == [f"{w}-{a}" for w, a in product(NAMES, NAMES)]
    assert dict(found) == EXPECTED


@pytest.mark.parametrize("jobs", [2, 9])
def test_results_do_not_depend_on_the_number_of_processes(jobs, tmp_path):
    journal = tmp_path / "journal"
    found = results(tmp_path, FakeFactory(journal=str(journal)), jobs=jobs)
    assert len(found) == len(EXPECTED)
    assert dict(found) == EXPECTED
    pids = {line.split()[0] for line in journal.read_text().splitlines()}
    assert str(os.getpid()) not in pids
    assert 1 <= len(pids) <= min(jobs, len(TASKS))
    assert children() == []


def test_each_result_comes_before_the_next_is_computed(tmp_path):
    journal = tmp_path / "journal"
    factory = FakeFactory(journal=str(journal), seconds=0.2)
    with workers(tmp_path, factory) as crew:
        with closing(crew.results(some_tasks("int3", "int5")[:1])) as found:
            next(found)
            assert len(journal.read_text().splitlines()) == 1
        assert len(children()) == 1
    assert children() == []


def test_our_errors_come_back_as_they_are(tmp_path):
    with pytest.raises(DataError, match="the images vanished"):
        results(tmp_path, FakeFactory(failure="our error"))
    assert children() == []


def test_a_bug_comes_back_with_its_traceback(tmp_path):
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"):
        results(tmp_path, FakeFactory(failure="a bug"))
    assert children() == []


def given_up(found):
    """Check that all but the killer have their results, and return what became of that."""
    (outcome,) = [outcome for key, outcome in found if key == KILLER]
    assert isinstance(outcome, EndedEarly)
    rest = [(key, result) for key, result in found if key != KILLER]
    assert len(rest) == len(EXPECTED) - 1
    assert dict(rest).items() <= EXPECTED.items()
    return outcome


def test_a_point_that_kills_three_workers_is_given_up_with_its_log(tmp_path):
    journal = tmp_path / "journal"
    found = results(tmp_path, FakeFactory(failure="killed", journal=str(journal)))
    outcome = given_up(found)
    assert "3 workers died of it, the last one: process" in outcome.reason
    assert "killed by signal 9" in outcome.reason
    log = tmp_path / "killed" / f"{KILLER}.log"
    assert outcome.reason.endswith(f"see killed/{log.name}")
    assert "the worker's last words" in log.read_text()
    assert journal.read_text().count(" int4 int4\n") == 3
    assert children() == []


def test_a_lost_worker_loses_its_point_no_other(tmp_path):
    journal = tmp_path / "journal"
    found = results(tmp_path, FakeFactory(failure="killed twice", journal=str(journal)))
    assert len(found) == len(EXPECTED)
    assert dict(found) == EXPECTED
    assert journal.read_text().count(" int4 int4\n") == 3
    assert not (tmp_path / "killed").exists()


def test_workers_that_cannot_start_are_no_points_fault(tmp_path):
    words = r"end while they load the network .* signal 9"
    with pytest.raises(BitfrontError, match=words):
        results(tmp_path, FakeFactory(failure="cannot start"))
    assert not (tmp_path / "killed").exists()
    assert children() == []


def test_any_executor_will_do(tmp_path):
    with ThreadPoolExecutor(3) as threads:
        assert dict(results(tmp_path, FakeFactory(), threads, 3)) == EXPECTED
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        assert dict(results(tmp_path, FakeFactory(), processes, 1)) == EXPECTED


def test_an_executor_that_broke_is_a_clear_error(tmp_path):
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
        pytest.raises(BitfrontError, match="the executor is broken"),
    ):
        results(tmp_path, FakeFactory(failure="killed"), processes, 1)


@pytest.mark.parametrize(
    ("executor", "jobs", "words"),
    [
        ("processes", 0, "--jobs is 0"),
        ("process", 2, "--executor is 'process'; give processes, dask, or dask:ADDRESS"),
        ("dask:", 2, "give processes, dask, or dask:ADDRESS"),
    ],
)
def test_what_is_no_executor_is_refused(executor, jobs, words):
    with pytest.raises(DesignError, match=words):
        check_executor(executor, jobs)


def test_dask_that_is_not_installed_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DesignError, match=r"not installed: pip install 'bitfront\[dask\]'"):
        check_executor("dask", 2)


ORPHANS = """
import sys, os
from pathlib import Path
from fake_accuracy import FakeFactory
from dse.search.executor import Workers
from test_executor import TASKS

if __name__ == "__main__":
    factory = FakeFactory(journal=sys.argv[1], seconds=float(sys.argv[3]))
    with Workers(sys.argv[2], 2, source=factory(), factory=factory, folder=Path()) as workers:
        for number, _ in enumerate(workers.results([(job,) for task in TASKS for job in task])):
            if number == 3:
                os.kill(os.getpid(), 9)
"""


def is_running(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_workers_end_when_their_parent_was_killed(tmp_path, executor):
    script, journal = tmp_path / "script.py", tmp_path / "journal"
    script.write_text(ORPHANS)
    path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    command = ["env", f"PYTHONPATH={path}", sys.executable, str(script), str(journal)]
    subprocess.run([*command, executor, "0.05"], check=False, timeout=180, cwd=tmp_path)
    pids = {line.split()[0] for line in journal.read_text().splitlines()}
    assert pids
    deadline = time.monotonic() + 60
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, pids))
    assert 4 <= len(journal.read_text().splitlines()) < len(EXPECTED)
