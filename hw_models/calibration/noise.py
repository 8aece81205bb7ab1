"""How much the tool's own arbitrariness moves a product's LUTs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dse.progress import Progress
from hw_models.calibration.fit import Sample
from hw_models.calibration.lanes import measure_lanes
from hw_models.synth.yosys import Job

_SAMPLES = 48
_OTHER_SCRIPT = "+&scorr;&sweep;&dc2;&dch,-f;&ps;&if,{W};&mfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Change of whole cells under another mapping script.

    Attributes:
        n: Number of cells.
        mean_pct: Mean relative change [%]; above 0 where the other script is worse.
        mape_pct: Mean relative change, regardless of sign [%].
        p95_pct: What 95 of 100 changes stay below, regardless of sign [%].
    """

    n: int
    mean_pct: float
    mape_pct: float
    p95_pct: float


def other_script(job: Job) -> Job:
    """Return a synthesis whose mapper works for depth, then for area, not for area alone."""
    setting = f"scratchpad -set abc9.script {_OTHER_SCRIPT}"
    return replace(job, passes=(setting, *job.passes[1:]))


def noise_floor(
    samples: Sequence[Sample], device: str, *, processes: int, progress: Progress
) -> Noise:
    """Map some of `samples` by another script of equal effort.

    A model that is closer to the measurements than this describes one script, not the hardware.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    some = random.Random(0).sample(list(samples), min(_SAMPLES, len(samples)))
    counts = measure_lanes(
        [s.lane for s in some], device, processes=processes, progress=progress, passes=other_script
    )
    pairs = zip(some, counts, strict=True)
    change = 100 * np.array([(count.lut - s.lane_lut) / s.lut for s, count in pairs])
    return Noise(
        n=len(some),
        mean_pct=float(change.mean()),
        mape_pct=float(np.abs(change).mean()),
        p95_pct=float(np.percentile(np.abs(change), 95)),
    )
