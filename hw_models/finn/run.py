"""Runs FINN's worker in FINN's environment: files in, files out, a log."""

import json
from collections.abc import Mapping
from pathlib import Path

from dse.errors import ToolFailedError, ToolTimeoutError
from dse.files import replace_atomically
from hw_models.finn.environment import WORKER
from hw_models.tools import find, run

_REQUEST, _LOG, _FINN = "request.json", "finn.log", "finn"


def run_worker(
    command: str,
    request: Mapping[str, object],
    folder: Path,
    timeout_s: float,
    *,
    vivado_root: Path | None = None,
) -> None:
    """Run a command of the worker in FINN's environment.

    Args:
        command: One of the worker's.
        request: What it reads; paths are relative to `folder`. ``result`` names the file it writes.
        folder: Working folder; holds the log afterwards.
        timeout_s: Longest time [s].
        vivado_root: Folder of Vivado, for commands that run it.

    Raises:
        ToolError: It failed; the message names FINN's step.
    """
    python = find("finn").path
    replace_atomically(folder / _REQUEST, json.dumps(request, indent=1))
    (folder / str(request["result"])).unlink(missing_ok=True)
    home = (folder / _FINN).absolute()
    home.mkdir(exist_ok=True)
    environment = (
        # FINN asks for it on import, whether or not it will run it
        ("XILINX_VIVADO", str(vivado_root or home)),
        ("FINN_BUILD_DIR", str(home)),
        ("FINN_DEPS", str(home / "deps")),
        ("FINN_SETTINGS", str(home / "settings.yaml")),
        # tensors are exact: to round them again takes most of the time, and hides what is not
        ("SANITIZE_QUANT_TENSORS", "0"),
    )
    log = folder / _LOG
    try:
        run(
            (str(python), str(WORKER), command, _REQUEST),
            folder=folder,
            log=log,
            timeout_s=timeout_s,
            environment=environment,
        )
    except (ToolFailedError, ToolTimeoutError) as error:
        raise type(error)(f"FINN failed in {_place(log)}: {error}") from error


def _place(log: Path) -> str:
    """Return the step that ran last, the node it worked on, and the last line, by the log."""
    lines = log.read_text(errors="replace").splitlines() or ["no output"]
    steps = [position for position, line in enumerate(lines) if line.startswith("step ")]
    if not steps:
        return f"its start ({lines[-1]})"
    step = lines[steps[-1]].split()[3]
    nodes = [line.split()[1] for line in lines[steps[-1] :] if line.startswith("node ")]
    node = f" at {nodes[-1]}" if nodes else ""
    return f"{step}{node} ({lines[-1]})"
