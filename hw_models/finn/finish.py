"""From FINN's code to a bitstream: by FINN's steps where Vivado is, else a script to go on with.

Untried: no machine with Vivado has run it yet.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from dse.errors import ToolNotFoundError
from dse.files import replace_atomically
from hw_models.finn.build import FinnBuild
from hw_models.finn.run import run_worker
from hw_models.tools import find

TIMEOUT_S = 6 * 3600.0
SCRIPT = "continue.sh"
NETWORK = "network.onnx"


def write_script(folder: Path, network: bytes, options: Sequence[str]) -> Path:
    """Write a script that builds the network on another machine, and the network beside it.

    FINN's graphs name files by where they are on this machine, so the script makes them anew.

    Args:
        folder: Where both go.
        network: QONNX file.
        options: Of `bitfront finn build`, without the network and ``--out``.
    """
    replace_atomically(folder / NETWORK, network)
    script = folder / SCRIPT
    replace_atomically(script, _SCRIPT.format(network=NETWORK, options=shlex.join(options)))
    script.chmod(0o755)
    return script


_SCRIPT = """\
#!/bin/sh
# Goes on with FINN's build on a machine with Vivado, Vitis HLS and bitfront: copy this folder
# there, source settings64.sh of both, run this script.
set -eu
cd "$(dirname "$0")"
for tool in bitfront vivado vitis_hls; do
    command -v "$tool" >/dev/null || {{ echo "$0: $tool is not on the search path" >&2; exit 3; }}
done
bitfront finn setup
bitfront finn build {network} {options} --out .
"""


def finish(made: FinnBuild, folder: Path, *, timeout_s: float = TIMEOUT_S) -> Path:
    """Let FINN synthesise what it built, and return the folder with the bitstream and its driver.

    Args:
        made: Just built in `folder`, for a Zynq board.
        folder: Of `hw_models.finn.build.build`.
        timeout_s: Longest time [s].

    Raises:
        ToolNotFoundError: There is no Vivado; says how to go on elsewhere.
        ToolError: FINN or Vivado failed: names the step, and holds its last lines.
    """
    try:
        vivado = find("vivado").path
    except ToolNotFoundError as error:
        raise ToolNotFoundError(
            f"FINN's code is in {folder}, but there is no bitstream yet: {error}; "
            f"{folder / SCRIPT} goes on where Vivado and Vitis HLS are"
        ) from error
    request = {
        "graph": "output/step_hw_codegen.onnx",
        "output": "output",
        "result": "finished.json",
        "board": made.board,
        "clock_ns": 1e3 / made.clock_mhz,
    }
    run_worker("finish", request, folder, timeout_s, vivado_root=vivado.parent.parent)
    return folder / "output" / "deploy"
