"""Synthesis runs per minute: many cells in one process and on two cores, against one by one."""

import os
import tempfile
import time
from pathlib import Path

from dse.formats import default_sweep
from hw_models.arith.cell import STYLES, Mac
from hw_models.rtl.cell import emit_mac
from hw_models.synth.synthesis import synthesise

CELLS = 12
PROCESSES = 2


def run() -> dict[str, object]:
    """Wall time, since the work is done in child processes; the cache starts empty each time."""
    formats = default_sweep()
    result: dict[str, object] = {"cells": CELLS, "processes": PROCESSES, "cores": os.cpu_count()}
    for device in ("ecp5", "xcup"):
        style = STYLES[device][0]
        cells = [
            emit_mac(Mac(weight=weight, act=act, terms=1024), style)
            for weight, act in zip(formats, reversed(formats[:CELLS]), strict=False)
        ]
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            together = synthesise(
                cells, device, processes=PROCESSES, cache=Path(folder, "together")
            )
            batched_s = time.perf_counter() - started
            started = time.perf_counter()
            alone = [synthesise([cell], device, cache=Path(folder, "alone"))[0] for cell in cells]
            one_by_one_s = time.perf_counter() - started
        assert together == alone, "a cell's counts must not depend on its company"
        result[device] = {
            "batched_per_minute": 60 * CELLS / batched_s,
            "one_by_one_per_minute": 60 * CELLS / one_by_one_s,
            "batched_over_one_by_one": one_by_one_s / batched_s,
        }
    return result
