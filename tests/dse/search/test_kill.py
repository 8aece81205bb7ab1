"""A study killed at any moment loses no finished evaluation and repeats none."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import kill_at_random
import pytest
from fake_accuracy import FakeFactory

from dse.search.schema import DB_NAME
from dse.search.store import Store

EXPLORE = """
import sys
from pathlib import Path
from fake_accuracy import FakeFactory
import dse.search.source
from dse.cli import main

if __name__ == "__main__":
    fake = FakeFactory(seconds=0.03, journal=JOURNAL)
    dse.search.source.NetworkAccuracy.load = lambda **_: fake
    sys.exit(main())
"""
POINTS = 64
JOBS = 2


class Study:
    """A study of 64 points by the command line, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "study"
        self.journal = folder / "journal"
        self.journal.touch()
        self.script = folder / "script.py"
        self.script.write_text(EXPLORE.replace("JOURNAL", repr(str(self.journal))))

    def start(self) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
        formats = "int3-8,e2m1,e4m3"
        options = (
            f"--model fake --data fake --weights {formats} --acts {formats} "
            f"--jobs {JOBS} --out {self.out}"
        )
        return subprocess.Popen(
            ["env", f"PYTHONPATH={path}", sys.executable, self.script, "explore", *options.split()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> None:
        with self.start() as process:
            _, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors

    def finished(self) -> dict[str, tuple[object, ...]]:
        """Return the rows of finished accuracies by key, as they are in the file."""
        if not (self.out / DB_NAME).exists():
            return {}
        with Store.open_readonly(self.out):  # a transaction cut short is undone here
            database = sqlite3.connect(self.out / DB_NAME)
            rows = database.execute("SELECT * FROM accuracy").fetchall()
            database.close()
        return {str(row[0]): row for row in rows}

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 180
        while self.journal.read_text().count("\n") < count:
            assert time.monotonic() < deadline
            time.sleep(0.002)


def test_killed_again_and_again_it_goes_on_where_it_was(tmp_path):
    study = Study(tmp_path)
    kills = 0
    for moment in (0.4, 1, 9, 20, 37, 50):
        with study.start() as process:
            if moment < 1:
                time.sleep(moment)  # before the first evaluation, perhaps in the middle of imports
            else:
                study.wait_for(int(moment))
            before = study.finished()
            process.send_signal(signal.SIGKILL)
        kills += 1
        after = study.finished()
        assert before.items() <= after.items()
    study.run()
    rows = study.finished()
    assert after.items() <= rows.items()
    assert len(rows) == POINTS
    with Store.open_readonly(study.out) as store:
        assert store.counts() == (POINTS, POINTS)
        assert sum(store.computed_by_run().values()) == POINTS
    # what a worker was computing or just sending when the kill came is all that is computed twice
    repeated = study.journal.read_text().count("\n") - POINTS
    assert repeated <= 2 * JOBS * kills


@pytest.mark.parametrize("run", [kill_at_random.sweep, kill_at_random.grid])
def test_killed_at_random_moments_it_equals_an_uninterrupted_study(killed_at_random, tmp_path, run):
    folder, told = killed_at_random[0] / run.__name__, killed_at_random[1][run.__name__]
    run(tmp_path / "whole", FakeFactory(), 1)
    with Store.open_readonly(tmp_path / "whole") as whole, Store.open_readonly(folder) as store:
        assert store.evaluations().equals(whole.evaluations())
        assert sum(store.computed_by_run().values()) == kill_at_random.POINTS
    assert told["kills"] >= 8
    assert 0 <= told["evaluations"] - kill_at_random.POINTS <= 2 * JOBS * told["kills"]
    assert [path.name for path in folder.iterdir()] == [DB_NAME]


@pytest.fixture(scope="module")
def killed_at_random(tmp_path_factory):
    """A sweep and a search that were killed twenty times in all, and what was counted."""
    folder = tmp_path_factory.mktemp("killed")
    path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    command = [sys.executable, kill_at_random.__file__, str(folder)]
    ended = subprocess.run(
        ["env", f"PYTHONPATH={path}", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert ended.returncode == 0, ended.stderr
    return folder, json.loads(ended.stdout)


def test_a_second_run_evaluates_nothing(tmp_path):
    study = Study(tmp_path)
    study.run()
    rows, journal = study.finished(), study.journal.read_text()
    study.run()
    assert study.finished() == rows
    assert study.journal.read_text() == journal


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_study_ends_its_workers_and_keeps_what_it_has(tmp_path, number, code):
    study = Study(tmp_path)
    with study.start() as process:
        study.wait_for(10)
        process.send_signal(number)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert ("the same command goes on" in errors) == (number == signal.SIGINT)
    assert out == ""
    workers = {int(line.split()[0]) for line in study.journal.read_text().splitlines()}
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert [path.name for path in study.out.iterdir()] == [DB_NAME]
    finished = len(study.finished())
    assert finished >= 10 - 2 * JOBS
    study.run()
    assert len(study.finished()) == POINTS
