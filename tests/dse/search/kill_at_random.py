"""Kills sweeps and searches at twenty random moments, and says what became of them.

A program of its own, for it forks: everything is imported once, every coordinator is a copy.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from fake_accuracy import FakeFactory
from test_search import SETTINGS as SEARCHED
from test_study import SETTINGS as SWEPT

from dse.formats import parse_sweep
from dse.search.effort import Effort
from dse.search.schema import DB_NAME
from dse.search.search import search
from dse.search.store import Store
from dse.search.study import explore

FORMATS = parse_sweep("int3-8,e2m1,e2m2,e3m2,e4m3")
SWEEP = replace(SWEPT, weights=FORMATS, acts=FORMATS)
POINTS = len(FORMATS) ** 2
SECONDS = {1: 0.01, 2: 0.05}
"""Of an evaluation, by the number of jobs."""


def sweep(folder: Path, factory: FakeFactory, jobs: int) -> None:
    explore(SWEEP, folder, factory, jobs=jobs)


def grid(folder: Path, factory: FakeFactory, jobs: int) -> None:
    effort = Effort(sampler="grid", trials=POINTS, seed=0)
    search(SEARCHED, folder, factory, effort, jobs=jobs)


@dataclass
class Victim:
    """A study that is killed and resumed."""

    run: Callable[[Path, FakeFactory, int], None]
    folder: Path
    kills: int = 0

    @property
    def journal(self) -> Path:
        return self.folder.with_suffix(".journal")

    def start(self, jobs: int) -> int:
        """Run the study in a process group of its own, whose leader is returned."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            factory = FakeFactory(seconds=SECONDS[jobs], journal=str(self.journal))
            try:
                self.run(self.folder, factory, jobs)
            finally:
                os._exit(0)  # whatever happened, this copy must not go on as if it were the killer
        return pid

    def finished(self) -> dict[str, tuple[object, ...]]:
        if not (self.folder / DB_NAME).exists():
            return {}
        with (
            Store.open_readonly(self.folder),  # a transaction cut short is undone here
            closing(sqlite3.connect(self.folder / DB_NAME)) as database,
        ):
            return {row[0]: row for row in database.execute("SELECT * FROM accuracy").fetchall()}

    def wait_until(self, evaluations: int) -> None:
        """Wait for so many evaluations in all."""
        deadline = time.monotonic() + 120
        while self.evaluations() < evaluations:
            assert time.monotonic() < deadline, "nothing is evaluated"
            time.sleep(0.001)

    def evaluations(self) -> int:
        return self.journal.read_text().count("\n") if self.journal.exists() else 0

    def killed(self, pid: int, kill: Callable[[], None]) -> None:
        before = self.finished()
        kill()
        os.waitpid(pid, 0)
        self.kills += 1
        assert before.items() <= self.finished().items(), "an evaluation was lost"


def workers_of(pid: int) -> list[int]:
    children = [
        child
        for thread in Path(f"/proc/{pid}/task").glob("*/children")
        for child in map(int, thread.read_text().split())
    ]
    return [c for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]


def main(folder: Path) -> None:
    rng = random.Random(0)
    victims = [Victim(sweep, folder / "sweep"), Victim(grid, folder / "grid")]
    moments = sorted(rng.sample(range(POINTS // 2), 10))
    for number, moment in enumerate(moments):  # the coordinator, while it evaluates itself
        victim = victims[number % 2]
        pid = victim.start(1)
        victim.wait_until(moment)
        time.sleep(rng.uniform(0.0, 0.01))
        victim.killed(pid, lambda pid=pid: os.kill(pid, signal.SIGKILL))
    for number in range(4):  # the coordinator with two workers, or all three
        victim = victims[number % 2]
        pid = victim.start(2)
        victim.wait_until(victim.evaluations() + 1)
        time.sleep(rng.uniform(0.0, 0.05))
        kill = os.kill if number < 2 else os.killpg
        victim.killed(pid, lambda pid=pid, kill=kill: kill(pid, signal.SIGKILL))
    for victim in victims:  # its workers
        pid = victim.start(2)
        for _ in range(3):
            victim.wait_until(min(victim.evaluations() + 1, POINTS))
            time.sleep(rng.uniform(0.0, 0.05))
            for worker in workers_of(pid)[:1]:
                os.kill(worker, signal.SIGKILL)
                victim.kills += 1
        os.waitpid(pid, 0)
        # a run whose workers died one after the other while they loaded has ended; it goes on here
        os.waitpid(victim.start(2), 0)
    told = {
        victim.folder.name: {"kills": victim.kills, "evaluations": victim.evaluations()}
        for victim in victims
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
