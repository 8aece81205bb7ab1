"""Files that are either whole or not there."""

import logging
import os
import secrets
from pathlib import Path

from dse.errors import DataError

_LOG = logging.getLogger(__name__)


def replace_atomically(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` so that a reader sees the old content or the new, never a part.

    The bytes go to a temporary name in the same folder, reach the disk, and replace `path` in one
    step; missing parent folders are made. Text is written as UTF-8.

    Raises:
        DataError: The folder or the file cannot be written; an existing `path` is unchanged.
    """
    content = data.encode() if isinstance(data, str) else data
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


def keep_in_cache(path: Path, data: bytes) -> bool:
    """Write `data` to a cache and return whether that worked; a warning is logged if not.

    What took long to find is not thrown away because it cannot be kept for the next time.
    """
    try:
        replace_atomically(path, data)
    except DataError as error:
        _LOG.warning("%s: the result is used, but not kept for the next time", error)
        return False
    return True


def require_writable_folder(folder: Path) -> None:
    """Make `folder` if it is missing and prove that a file can be made in it.

    Raises:
        DataError: The path is a file, lies below a file, or refuses new files.
    """
    probe = folder / f".probe.{secrets.token_hex(4)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise DataError(
            f"cannot write into the folder {folder}: {error.strerror or error}; name another"
        ) from error
