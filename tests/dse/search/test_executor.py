import multiprocessing
import os
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest
from fake_accuracy import LAYERS, FakeFactory, accuracy_of

from dse.errors import BitfrontError, DataError
from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.search.executor import Job, run_here, run_in_processes

UINT5 = parse_format("uint5")


def some_tasks(*names: str) -> list[tuple[Job, ...]]:
    """One task per weight format, one job per activation format."""
    return [
        tuple(
            Job(
                accuracy_key=f"{weight}/{act}",
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


def children() -> list[multiprocessing.Process]:
    return multiprocessing.active_children()


def test_in_this_process_results_come_in_order():
    results = list(run_here(FakeFactory()(), [TASKS]))
    assert [key for key, _ in results] == [f"{w}/{a}" for w, a in product(NAMES, NAMES)]
    assert dict(results) == EXPECTED


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_results_do_not_depend_on_the_number_of_processes(jobs, tmp_path):
    journal = tmp_path / "journal"
    results = list(run_in_processes(FakeFactory(journal=str(journal)), [TASKS], jobs))
    assert len(results) == len(EXPECTED)
    assert dict(results) == EXPECTED
    workers = {line.split()[0] for line in journal.read_text().splitlines()}
    assert str(os.getpid()) not in workers
    assert 1 <= len(workers) <= min(jobs, len(TASKS))
    assert children() == []


def test_each_result_comes_before_the_next_is_computed(tmp_path):
    journal = tmp_path / "journal"
    factory = FakeFactory(journal=str(journal), seconds=0.2)
    results = run_in_processes(factory, [some_tasks("int3", "int5")[:1]], 1)
    next(results)
    assert len(journal.read_text().splitlines()) == 1
    results.close()
    assert children() == []


def test_our_errors_come_back_as_they_are():
    with pytest.raises(DataError, match="the images vanished"):
        list(run_in_processes(FakeFactory(failure="our error"), [TASKS], 2))
    assert children() == []


def test_a_bug_comes_back_with_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"):
        list(run_in_processes(FakeFactory(failure="a bug"), [TASKS], 2))
    assert children() == []


def test_a_killed_worker_is_a_clear_error():
    with pytest.raises(BitfrontError, match=r"worker process \d+ was killed by signal 9"):
        list(run_in_processes(FakeFactory(failure="killed"), [TASKS], 2))
    assert children() == []


ORPHANS = """
import sys, os
from fake_accuracy import FakeFactory
from dse.search.executor import run_in_processes
from test_executor import TASKS

if __name__ == "__main__":
    results = run_in_processes(FakeFactory(journal=sys.argv[1], seconds=0.05), [TASKS], 2)
    for _ in range(4):
        next(results)
    os.kill(os.getpid(), 9)
"""


def is_running(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_workers_end_when_their_parent_was_killed(tmp_path):
    script, journal = tmp_path / "script.py", tmp_path / "journal"
    script.write_text(ORPHANS)
    path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    command = ["env", f"PYTHONPATH={path}", sys.executable, str(script), str(journal)]
    subprocess.run(command, check=False, timeout=180)
    workers = {line.split()[0] for line in journal.read_text().splitlines()}
    assert workers
    deadline = time.monotonic() + 60
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))
    assert len(journal.read_text().splitlines()) < len(EXPECTED)
