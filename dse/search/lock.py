"""One writer per study folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    the process ends, however it ends; the file stays and means nothing by itself. Readers take no
    lock. The lock file is not inherited by child processes.

    Raises:
        DesignError: Another process holds the lock.
        DataError: The folder cannot be made or written to.
    """
    require_writable_folder(folder)
    path = folder / LOCK_NAME
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
                f"another bitfront (process {holder}) is writing to {folder}; "
                "wait for it, or choose another --out"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield WriterLock(folder=folder)
