"""Studies where they cannot be written: a full disk, a read-only folder, a damaged file."""

import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_accuracy import FakeFactory
from test_search import SETTINGS as SEARCHED
from test_search import evaluations
from test_study import SETTINGS as SWEPT

from dse.errors import DataError
from dse.search.effort import Effort
from dse.search.schema import DB_NAME
from dse.search.search import search
from dse.search.study import explore


def sweep(folder):
    return explore(SWEPT, folder, FakeFactory(), jobs=1)


def grid(folder):
    return search(SEARCHED, folder, FakeFactory(), Effort(sampler="grid", trials=20, seed=0))


@contextmanager
def files_of_at_most(size):
    """Let no file of this process grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("run", "room"), [(sweep, 0), (sweep, 75_000), (grid, 70_000), (grid, 80_000)]
)
def test_a_file_that_cannot_grow_is_one_line_and_loses_nothing(tmp_path, run, room):
    run(tmp_path / "whole")
    whole = evaluations(tmp_path / "whole")
    folder = tmp_path / "study"
    with files_of_at_most(room), pytest.raises(DataError, match=r"cannot .*write"):
        run(folder)
    held = evaluations(folder) if (folder / DB_NAME).exists() else whole[:0]
    study = run(folder)
    assert study.n_computed == len(whole) - len(held)
    assert evaluations(folder).equals(whole)


@pytest.mark.parametrize("run", [sweep, grid])
def test_a_damaged_study_is_refused_and_left_as_it_is(tmp_path, run):
    run(tmp_path)
    content = bytearray((tmp_path / DB_NAME).read_bytes())
    content[4096:8192] = b"\x55" * 4096
    (tmp_path / DB_NAME).write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged (.|\n)*; restore it or name another"):
        run(tmp_path)
    assert (tmp_path / DB_NAME).read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [DB_NAME]


MOUNTED = """
import subprocess, sys
from pathlib import Path
from test_bad_places import evaluations, grid
from dse.errors import DataError
from dse.search.store import Store

def mount(*options):
    subprocess.run(["mount", *options], check=True)

folder = Path(sys.argv[1])
mount("-t", "tmpfs", "-o", "size=%SIZE%k", "tmpfs", folder)
try:
    grid(folder)
except DataError as error:
    assert "database or disk is full" in str(error), error
else:
    raise AssertionError("there was room")
held = len(evaluations(folder))
assert 0 < held < 20, held
mount("-o", "remount,ro", folder)
try:
    grid(folder)
except DataError as error:
    assert "cannot write into the folder" in str(error), error
else:
    raise AssertionError("it was written")
with Store.open_readonly(folder) as store:
    assert store.counts()[1] == held
mount("-o", "remount,rw,size=10m", folder)
assert grid(folder).n_computed == 20 - held
assert len(evaluations(folder)) == 20
"""


def test_a_full_disk_and_a_read_only_one(tmp_path):
    may_mount = [shutil.which("unshare") or "false", "--map-root-user", "--mount"]
    if subprocess.run([*may_mount, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    script, folder = tmp_path / "script.py", tmp_path / "disk"
    folder.mkdir()
    script.write_text(MOUNTED.replace("%SIZE%", "108"))
    path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    command = ["env", f"PYTHONPATH={path}", *may_mount, sys.executable, str(script), str(folder)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, ended.stderr
