"""Product lanes synthesised many at a time, and remembered."""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import platformdirs

from dse.files import replace_atomically
from dse.progress import Progress
from hw_models.arith.lane import Lane
from hw_models.rtl.cell import Rtl
from hw_models.rtl.lane import emit_lane, emit_lanes, lane_name
from hw_models.synth.count import Synthesis, count
from hw_models.synth.flow import library_setup, synthesis_job
from hw_models.synth.netlist import Netlist
from hw_models.synth.synthesis import SYNTHESIS_VERSION
from hw_models.synth.yosys import TIMEOUT_S, Job, run_yosys, version

CACHE = Path(platformdirs.user_cache_dir("bitfront")) / "lanes"
BUNCH = 48
"""Lanes in one run of Yosys: its fixed cost is several times that of a lane."""

Passes = Callable[[Job], Job]
"""Changes a synthesis, to try another script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCount:
    """What one lane takes of a device.

    Attributes:
        lut: LUTs by the device's rule.
        lut_packed: LUT sites when small LUTs share one.
        carry: Carry cells.
    """

    lut: int
    lut_packed: int
    carry: int

    @classmethod
    def of(cls, synthesis: Synthesis) -> "LaneCount":
        """Take the counts that a lane has."""
        return cls(
            lut=synthesis.resources.lut, lut_packed=synthesis.lut_packed, carry=synthesis.carry
        )


def same(job: Job) -> Job:
    """Leave a synthesis as it is."""
    return job


def measure_lanes(
    lanes: Sequence[Lane],
    device: str,
    *,
    processes: int,
    progress: Progress,
    passes: Passes = same,
    cache: Path = CACHE,
) -> list[LaneCount]:
    """Synthesise `lanes` of one style for `device` and count what each takes, remembering it.

    Lanes stay modules of their own, so that together they give the counts they give alone. Results
    are kept after every bunch, under a digest of the RTL, the commands and the tool's version.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    memory = _Memory(cache / f"{device}.csv")
    keys = [_digest(lane, device, passes) for lane in lanes]
    missing = [key for key in dict.fromkeys(keys) if key not in memory.counts]
    by_key = dict(zip(keys, lanes, strict=True))
    step = f"lanes on {device}"
    size = BUNCH * processes
    for start in range(0, len(missing), size):
        progress(step, len(lanes) - len(missing) + start, len(lanes))
        some = missing[start : start + size]
        bunches = [some[i : i + BUNCH] for i in range(0, len(some), BUNCH)]
        designs = [emit_lanes([by_key[key] for key in bunch]) for bunch in bunches]
        jobs = [passes(synthesis_job(design, device)) for design in designs]
        netlists = run_yosys(
            jobs, library_setup(designs[0]), processes=processes, timeout_s=2 * TIMEOUT_S
        )
        for bunch, netlist in zip(bunches, netlists, strict=True):
            for position, key in enumerate(bunch):
                alone = Netlist(top=lane_name(position), modules=netlist.modules)
                memory.counts[key] = LaneCount.of(count(alone, device, version()))
        memory.save()
    progress(step, len(lanes), len(lanes))
    return [memory.counts[key] for key in keys]


def _digest(lane: Lane, device: str, passes: Passes) -> str:
    design = emit_lanes([lane])
    job = passes(synthesis_job(Rtl(top=design.top, text="", sources=()), device))
    parts = [str(SYNTHESIS_VERSION), version(), device, emit_lane(lane, "lane"), *job.passes]
    parts += [path.read_text() for path in design.sources]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class _Memory:
    """Counts by digest, in a file of one line each; lines that cannot be read are forgotten."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.counts: dict[str, LaneCount] = {}
        names = [field.name for field in fields(LaneCount)]
        if path.exists():
            for line in csv.reader(path.read_text(errors="replace").splitlines()):
                if len(line) == 1 + len(names) and all(value.isdecimal() for value in line[1:]):
                    numbers = map(int, line[1:])
                    self.counts[line[0]] = LaneCount(**dict(zip(names, numbers, strict=True)))

    def save(self) -> None:
        """Write everything."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for key, counts in self.counts.items():
            writer.writerow([key, counts.lut, counts.lut_packed, counts.carry])
        replace_atomically(self._path, text.getvalue())
