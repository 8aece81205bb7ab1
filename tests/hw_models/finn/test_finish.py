import subprocess
from pathlib import Path

import pytest

from dse.errors import ToolNotFoundError
from hw_models.finn.build import FinnBuild
from hw_models.finn.finish import finish, write_script

OPTIONS = ("--board", "Pynq-Z1", "--fps", "1000")


@pytest.fixture
def made():
    return FinnBuild(
        version="1.6.1",
        board="Pynq-Z1",
        clock_mhz=100.0,
        layers=(),
        fps=0.0,
        latency_us=0.0,
        library=Path(),
    )


def test_without_vivado_it_says_what_goes_on(made, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFRONT_VIVADO", "/nowhere/vivado")
    with pytest.raises(ToolNotFoundError, match=r"no bitstream yet: BITFRONT_VIVADO.*continue\.sh"):
        finish(made, tmp_path)


def test_the_script_builds_the_network_beside_it(tmp_path):
    folder = tmp_path / "a folder"
    script = write_script(folder, b"network", OPTIONS)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bitfront", "vivado", "vitis_hls"):
        (tools / tool).write_text('#!/bin/sh\necho "$(basename "$0")" "$@"; cat network.onnx\n')
        (tools / tool).chmod(0o755)
    ran = _run(script, f"{tools}:/usr/bin:/bin")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (
        "bitfront finn setup\nnetwork"
        "bitfront finn build network.onnx --board Pynq-Z1 --fps 1000 --out .\nnetwork"
    )


def test_the_script_names_the_tool_that_is_not_there(tmp_path):
    script = write_script(tmp_path, b"network", OPTIONS)
    ran = _run(script, "/usr/bin:/bin")
    assert ran.returncode == 3
    assert ran.stderr.endswith("bitfront is not on the search path\n")


def _run(script: Path, search_path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script], env={"PATH": search_path}, capture_output=True, text=True, timeout=60, check=False
    )
