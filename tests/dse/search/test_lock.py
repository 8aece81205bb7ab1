import subprocess
import sys

import pytest

from dse.errors import DataError, DesignError
from dse.search.lock import LOCK_NAME, writer_lock

HOLD = """
import sys, time
from pathlib import Path
from dse.search.lock import writer_lock

with writer_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path, holder):
    with (
        pytest.raises(DesignError, match=f"process {holder.pid}\\) is writing to"),
        writer_lock(tmp_path),
    ):
        pass
    assert (tmp_path / LOCK_NAME).exists()


def test_the_lock_ends_with_its_process_however_it_ends(tmp_path, holder):
    holder.kill()
    holder.wait()
    with writer_lock(tmp_path) as lock:
        assert lock.folder == tmp_path


def test_a_folder_can_be_locked_again_after_release(tmp_path):
    for _ in range(3):
        with (
            writer_lock(tmp_path),
            pytest.raises(DesignError, match="another bitfront"),
            writer_lock(tmp_path),
        ):
            pass


def test_nothing_stays_behind_where_nothing_was_written(tmp_path):
    with writer_lock(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / LOCK_NAME).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_stays(tmp_path):
    folder = tmp_path / "a" / "b"
    with writer_lock(folder):
        (folder / "study.db").touch()
    assert [path.name for path in folder.iterdir()] == ["study.db"]


def test_an_empty_folder_that_was_there_stays(tmp_path):
    (tmp_path / "a").mkdir()
    with writer_lock(tmp_path / "a"):
        pass
    assert (tmp_path / "a").is_dir()


def test_nothing_stays_behind_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), writer_lock(tmp_path / "a"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_file_cannot_be_locked_as_a_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(DataError, match="cannot write into the folder"),
        writer_lock(tmp_path / "file"),
    ):
        pass
    assert (tmp_path / "file").read_text() == "mine"
