"""The Python environment that FINN lives in: made once, checked, found again."""

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from dse.errors import ToolFailedError
from dse.files import replace_atomically
from hw_models.tools import ENVIRONMENT_STAMP, TOOLS, FoundTool, environment_folder, find, run

FINN_VERSION = "1.6.1"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
WORKER = Path(__file__).with_name("worker.py")

_TIMEOUT_S = 1800.0
_CHECK_TIMEOUT_S = 300.0


def setup(progress: Callable[[str, int, int], None], *, again: bool = False) -> FoundTool:
    """Make FINN's environment unless it is there, check it, and return where it is.

    It takes 2.3 GB and some minutes. What a killed run left is removed and made anew.

    Args:
        progress: Told of each step.
        again: Make it anew even if it is there.

    Raises:
        ToolError: A package cannot be installed, or FINN does not start; the log's name is in the
            message.
    """
    tool = next(tool for tool in TOOLS if tool.name == "finn")
    folder = environment_folder(tool)
    stamp = f"{FINN_VERSION} {_digest()}\n"
    if again or _stamp(folder) != stamp:
        _make(folder, progress)
        replace_atomically(folder / ENVIRONMENT_STAMP, stamp)
    return find("finn")


def _digest() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def _stamp(folder: Path) -> str:
    try:
        return (folder / ENVIRONMENT_STAMP).read_text(encoding="utf-8")
    except OSError:
        return ""


def _make(folder: Path, progress: Callable[[str, int, int], None]) -> None:
    """Make the environment in `folder`, whose stamp is missing or of another version."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = str(folder / "bin" / "python")
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    steps = (
        ("environment", (sys.executable, "-m", "venv", str(folder)), _TIMEOUT_S),
        ("packages", (*install, "--requirement", str(REQUIREMENTS)), _TIMEOUT_S),
        ("finn-plus", (*install, "--no-deps", f"finn-plus=={FINN_VERSION}"), _TIMEOUT_S),
        ("check", (python, str(WORKER), "check"), _CHECK_TIMEOUT_S),
    )
    log = folder.with_name(f"{folder.name}-setup.log")
    for position, (name, command, timeout_s) in enumerate(steps):
        progress(f"FINN: {name}", 0, 1)
        try:
            run(command, folder=folder.parent, log=log, timeout_s=timeout_s)
        except ToolFailedError as error:
            raise ToolFailedError(
                f"step {position + 1} of {len(steps)} of `bitfront finn setup` ({name}): {error}"
            ) from error
        progress(f"FINN: {name}", 1, 1)
