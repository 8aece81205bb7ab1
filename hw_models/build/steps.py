"""Steps of a build that are done once: each leaves a record, valid for as long as its inputs."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dse.files import replace_atomically
from dse.progress import Progress

Result = dict[str, Any]


class Steps:
    """Runs the steps of one build in its folder, or takes their results from their records.

    A record is written when its step has ended, so a build that was killed goes on at the step it
    was in.
    """

    def __init__(self, folder: Path, weights: dict[str, int], progress: Progress) -> None:
        """Prepare to run steps in `folder`.

        Args:
            folder: Folder of the build.
            weights: What each step is likely to take, in one unit of time, by its name.
            progress: Told of the whole build and of each step.
        """
        self._folder = folder
        self._weights = weights
        self._done = 0
        self._progress = progress
        self.seconds: dict[str, float] = {}

    def run(self, name: str, inputs: tuple[str, ...], work: Callable[[Path], Result]) -> Result:
        """Return what `work` returned when it last ran on the same `inputs`; run it if it has not.

        It runs again, too, where a file it left has gone or has another size.

        Args:
            name: One of the build's steps.
            inputs: Texts and digests that decide the result.
            work: Gets the step's folder and returns a JSON object.
        """
        self._progress("build", self._done, sum(self._weights.values()))
        self._progress(name, 0, 1)
        digest = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
        path = self._folder / "steps" / f"{name}.json"
        record = _read(path)
        own = self._folder / name
        if record is None or record["inputs"] != digest or record["files"] != _sizes(own):
            path.unlink(missing_ok=True)
            start = time.monotonic()
            result = work(own)
            record = {
                "inputs": digest,
                "seconds": round(time.monotonic() - start, 2),
                "result": result,
                "files": _sizes(own),
            }
            replace_atomically(path, json.dumps(record, indent=1) + "\n")
        self.seconds[name] = record["seconds"]
        self._done += self._weights[name]
        self._progress(name, 1, 1)
        self._progress("build", self._done, sum(self._weights.values()))
        found: Result = record["result"]
        return found


def _sizes(folder: Path) -> dict[str, int]:
    """Return the size of every file in a step's folder [byte], by its place there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _read(path: Path) -> dict[str, Any] | None:
    """Return a step's record; `None` if there is none, or it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_whole = (
        isinstance(record, dict) and {"inputs", "seconds", "result", "files"} <= record.keys()
    )
    return record if is_whole else None
