"""One writer per study folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dse.errors import DataError, DesignError
from dse.files import require_writable_folder

LOCK_NAME = ".study.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterLock:
    """Proof that this process alone may write to the study in `folder`."""

    folder: Path


@contextmanager
def writer_lock(folder: Path) -> Iterator[WriterLock]:
    """Hold the right to write to the study in `folder`, making the folder if it is missing.

    The lock is an advisory `flock` on a small file beside the study. The kernel releases it when
    the process ends, however it ends; a file left behind means nothing. Readers take no lock.
    At the end the file goes, and so do folders made here that nothing was put into.

    Raises:
        DesignError: Another process holds the lock.
        DataError: The folder cannot be made or written to.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    require_writable_folder(folder)
    path = folder / LOCK_NAME
    try:
        with _locked(path) as file:
            _sign(file, path)
            try:
                yield WriterLock(folder=folder)
            finally:
                path.unlink(missing_ok=True)
    finally:
        with suppress(OSError):  # not empty: there is a study now
            for empty in made:
                empty.rmdir()


def writer_of(folder: Path) -> int | None:
    """Return the process that holds the right to write to `folder`; `None` where nobody does."""
    try:
        with (folder / LOCK_NAME).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdecimal() else 0
    except OSError:
        pass  # no lock, or none of ours to read
    return None


def _sign(file: TextIO, path: Path) -> None:
    """Write who holds the lock; on a full disk, fail before anything begins."""
    try:
        file.truncate(0)
        os.write(file.fileno(), f"{os.getpid()}\n".encode())  # nothing stays in a buffer
    except OSError as error:
        path.unlink()
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[TextIO]:
    while True:
        try:
            file = path.open("a+")
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise DesignError(
                    f"another bitfront (process {holder}) is writing to {path.parent}; "
                    "wait for it, or choose another --out"
                ) from error
            if _is(file, path):
                yield file
                return


def _is(file: TextIO, path: Path) -> bool:
    """Return whether `path` still names `file`: its last holder may have just removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
