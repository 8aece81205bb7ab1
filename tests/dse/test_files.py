import os
from pathlib import Path

import pytest

from dse.errors import DataError
from dse.files import replace_atomically, require_writable_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("data", "content"), [("größe\n", "größe\n".encode()), (b"\0\xff", b"\0\xff")]
)
def test_writes_text_and_bytes_and_makes_folders(tmp_path, data, content):
    path = tmp_path / "a" / "b" / "file.txt"
    replace_atomically(path, data)
    assert path.read_bytes() == content
    assert names(path.parent) == ["file.txt"]


def test_replaces_what_was_there(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("a long old content")
    replace_atomically(path, "new")
    assert path.read_text() == "new"


def test_a_failure_keeps_the_old_content_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot write .*file.txt: No space left on device"):
        replace_atomically(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*file/below/x: Not a directory"):
        replace_atomically(tmp_path / "file" / "below" / "x", "new")


def test_a_new_file_follows_the_umask(tmp_path):
    (tmp_path / "usual").touch()
    replace_atomically(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_writable_folder_is_made_and_stays_empty(tmp_path):
    require_writable_folder(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == []


@pytest.mark.parametrize("below", ["", "sub", "sub/sub"])
def test_a_file_is_no_folder(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot write into the folder"):
        require_writable_folder(tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"
