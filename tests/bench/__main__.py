"""Runs the benchmarks: `python -m tests.bench [NAME …]`; writes reports/bench.json."""

import dataclasses
import json
import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch

from dse.files import replace_atomically

BENCHMARKS = (
    "fake_quantization", "accuracy", "cost", "pareto_front", "ptq", "synthesis",
    "page", "execution",
)  # fmt: skip
OUT = Path("reports/bench.json")


def plain(value: object) -> object:
    """Return what JSON calls `value`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def main(names: list[str]) -> None:
    """Run the benchmarks called `names`, all of them if there are none."""
    torch.set_num_threads(1)
    results: dict[str, object] = {
        "machine": platform.machine(),
        "threads": 1,
        "seconds": "CPU seconds of this process",
        "versions": {name: version(name) for name in ("torch", "brevitas", "numba", "moocore")},
    }
    for name in names or BENCHMARKS:
        sys.stderr.write(f"{name} …\n")
        results[name] = import_module(f"tests.bench.{name}").run()
    text = json.dumps(results, default=plain, indent=1)
    replace_atomically(OUT, text + "\n")
    sys.stdout.write(f"{text}\n{OUT}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
