"""Yosys, as the package pyosys: batches of jobs in processes of their own."""

import contextlib
import importlib.metadata
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dse.errors import ToolFailedError, ToolNotFoundError, ToolTimeoutError
from hw_models.synth.netlist import Netlist, read_netlist
from hw_models.tools import started

WORKER = Path(__file__).with_name("_worker.py")
TIMEOUT_S = 300.0
"""Longest time for one job [s]. ABC has been seen to run for ever."""

_BATCH = 24
_LOG_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of Yosys.

    Args:
        label: What it works on, for messages.
        top: Name of the top module it leaves.
        text: SystemVerilog read first.
        passes: Commands, in order.
        memories: Contents of its memories, as `Rtl` has them.
    """

    label: str
    top: str
    text: str
    passes: tuple[str, ...]
    memories: tuple[tuple[str, str], ...] = ()


def version() -> str:
    """Return the version of Yosys.

    Raises:
        ToolNotFoundError: pyosys is not installed.
    """
    try:
        return importlib.metadata.version("pyosys")
    except importlib.metadata.PackageNotFoundError as error:
        raise ToolNotFoundError("Yosys not found; pip install pyosys") from error


def run_yosys(
    jobs: Sequence[Job],
    setup: Sequence[str] = (),
    *,
    processes: int = 1,
    timeout_s: float = TIMEOUT_S,
) -> Iterator[Netlist]:
    """Run `jobs` and yield the netlist each leaves, in order.

    Args:
        jobs: What to run; jobs that share a process share its start, the set-up and a folder.
            Where memories of two jobs have one name, every job has a process to itself.
        setup: Commands run once in each process, before its jobs; every job starts from the
            design they leave.
        processes: How many run at a time.
        timeout_s: Longest time for the set-up and for one job [s]; then the whole process group
            ends, with what Yosys itself has started.

    Raises:
        ToolFailedError: A command failed; names the job and gives the end of the log.
        ToolTimeoutError: A job did not end in time.
    """
    files = [name for job in jobs for name, _ in job.memories]
    is_shared = len(set(files)) == len(files)
    size = max(1, min(_BATCH, -(-len(jobs) // processes))) if is_shared else 1
    batches = [jobs[i : i + size] for i in range(0, len(jobs), size)]
    stopped, stop = os.pipe()
    try:
        with ThreadPoolExecutor(max_workers=processes) as pool:
            pending = [pool.submit(_run_batch, some, setup, timeout_s, stopped) for some in batches]
            try:
                for future in pending:
                    yield from future.result()
            finally:
                for future in pending:
                    future.cancel()
                os.close(stop)  # ends what still runs, after an error or an interrupt
    finally:
        os.close(stopped)


def _run_batch(
    jobs: Sequence[Job], setup: Sequence[str], timeout_s: float, stopped: int
) -> list[Netlist]:
    """Run `jobs` in one process, until the other end of the pipe `stopped` is closed."""
    with tempfile.TemporaryDirectory(prefix="bitfront-yosys-") as folder:
        log = Path(folder, "log")
        inputs = [Path(folder, f"{i}.sv") for i in range(len(jobs))]
        outputs = [path.with_suffix(".json") for path in inputs]
        for job, path in zip(jobs, inputs, strict=True):
            path.write_text(job.text)
            for name, content in job.memories:
                Path(folder, name).write_text(content)
        order = {
            "setup": list(setup),
            "jobs": [
                {
                    "passes": [f'read_verilog -sv "{source}"', *job.passes],
                    "netlist": str(output),
                }
                for job, source, output in zip(jobs, inputs, outputs, strict=True)
            ],
        }
        with _worker(order, Path(folder), log) as (process, progress):
            labels = ["set-up", *(job.label for job in jobs)]
            for label in labels:
                ready = _wait((progress, stopped), timeout_s)
                if stopped in ready:
                    raise ToolFailedError(f"yosys: {label} was stopped")
                if not ready:
                    raise ToolTimeoutError(
                        f"yosys: {label} did not end within {timeout_s:g} s; simplify it or "
                        "raise the limit"
                    )
                if not os.read(progress, 1):
                    process.wait()
                    raise ToolFailedError(_failure(label, process.returncode, log))
        return [
            read_netlist(output.read_text(), job.top)
            for job, output in zip(jobs, outputs, strict=True)
        ]


@contextlib.contextmanager
def _worker(
    order: dict[str, Any], folder: Path, log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a worker on `order`; yield it with what can be read a byte of after each thing done."""
    version()
    progress, told = os.pipe()
    command = [sys.executable, str(WORKER)]
    try:
        with contextlib.ExitStack() as told_open:
            told_open.callback(os.close, told)  # or its end would not be seen
            with started(
                command, folder=folder, log=log, stdin=subprocess.PIPE, pass_fds=(told,)
            ) as process:
                told_open.close()
                assert process.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(json.dumps(order | {"progress": told}).encode())
                    process.stdin.close()
                yield process, progress
    finally:
        os.close(progress)


def _wait(pipes: Sequence[int], timeout_s: float) -> list[int]:
    """Wait until something is said in one of `pipes`, or one ends; return which did in time."""
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        return [key.fd for key, _ in selector.select(timeout_s)]


def _failure(label: str, code: int, log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    tail = "\n  ".join(lines[-_LOG_LINES:]) or "(it said nothing)"
    return f"yosys: {label} failed with exit code {code}:\n  {tail}"
