"""Simulators of designs: built by Verilator once, and kept."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from hw_models.plan import BuildPlan, PlannedFile
from hw_models.rtl.cell import Rtl
from hw_models.tools import find

CACHE = Path(platformdirs.user_cache_dir("bitfront")) / "simulation"
MODELS = Path(__file__).with_name("models")
"""What library files of the same name compute, without a device's cells; and some of the cells."""
_CELLS = {
    "dsp_ecp5.sv": "mult18x18d.sv",
    "dsp_ice40.sv": "sb_mac16.sv",
    "dsp_xc7.sv": "dsp48e1.sv",
    "dsp_xcup.sv": "dsp48e2.sv",
}
"""Library files that are simulated as they are, with a model of the cell they instantiate."""

BUILD_TIMEOUT_S = 900.0

_OPTIONS = (
    *("--cc", "--exe", "--build", "--build-jobs", "2", "--prefix", "Vdesign", "--Mdir", "objects"),
    *("--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style"),
    *("--x-assign", "unique", "--x-initial", "unique"),
    *("-MAKEFLAGS", "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"),
    *("-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"),  # which the package on PyPI leaves empty
)
_RUNTIME = ("verilated.o", "verilated_threads.o")


def simulator(design: Rtl, harness: Sequence[PlannedFile], cache: Path = CACHE) -> Path:
    """Return the program that simulates `design`, built now or before.

    It is built once per text of design and harness, and shares Verilator's own objects with all
    others. Memories are not part of it: it reads them from the folder it runs in.

    Args:
        design: The design; its top is the class ``Vdesign``.
        harness: ``harness.cpp``, which drives it, and what that includes.
        cache: Folder of built programs.

    Raises:
        ToolError: Verilator is missing, fails or does not end in time.
    """
    return _built(_plan(design, harness), cache) / "objects" / "Vdesign"


def _plan(design: Rtl, harness: Sequence[PlannedFile]) -> BuildPlan:
    """Return how the program that simulates `design` is built, in a folder of the cache."""
    runtime = _runtime_plan()
    objects = " ".join(f"../../{runtime.digest()}/objects/{name}" for name in _RUNTIME)
    paths = [path for source in design.sources for path in _simulated(source)]
    names = [f"{i:02}_{path.name}" for i, path in enumerate(paths)]
    sources = [path.read_text() for path in paths]
    files = [
        *(PlannedFile(path=n, content=t) for n, t in zip(names, sources, strict=True)),
        PlannedFile(path="design.sv", content=design.text),
        *harness,
    ]
    command = (
        *("verilator", *_OPTIONS, "-MAKEFLAGS", "VK_GLOBAL_OBJS=", "-LDFLAGS", objects),
        *("-CFLAGS", "-I..", "--top-module", design.top, *names, "design.sv", "harness.cpp"),
    )
    return BuildPlan(files=tuple(files), commands=(command,), stamps=runtime.stamps)


def _simulated(source: Path) -> tuple[Path, ...]:
    """Return the files to simulate for a library file that may instantiate a device's cells."""
    if source.name in _CELLS:
        return MODELS / _CELLS[source.name], source
    model = MODELS / source.name
    return (model if model.is_file() else source,)


def _runtime_plan() -> BuildPlan:
    """Return how Verilator's own objects are built, which all programs share."""
    return BuildPlan(
        files=(
            PlannedFile(path="empty.sv", content="module empty (input wire clk);\nendmodule\n"),
            PlannedFile(path="main.cpp", content="int main() { return 0; }\n"),
        ),
        commands=(("verilator", *_OPTIONS, "--top-module", "empty", "empty.sv", "main.cpp"),),
        stamps=(f"verilator {find('verilator').version}",),
    )


def _built(plan: BuildPlan, cache: Path) -> Path:
    """Return the folder of the cache in which `plan` was executed, now or before.

    It is built under another name and renamed, so that what is there is whole; what fails stays
    under that name, with its log.
    """
    place = cache / plan.digest()
    if (place / "objects").is_dir():
        return place
    if plan != (runtime := _runtime_plan()):
        _built(runtime, cache)
    draft = cache / f"{place.name}.{secrets.token_hex(4)}.tmp"
    plan.execute(draft, BUILD_TIMEOUT_S)
    for path in (draft / "objects").iterdir():
        if path.name not in ("Vdesign", *_RUNTIME):
            path.unlink()
    try:
        draft.rename(place)
    except OSError:  # another process was faster
        shutil.rmtree(draft)
    return place
