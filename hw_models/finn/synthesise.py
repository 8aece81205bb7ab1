"""What FINN's RTL takes of a device, counted by Yosys."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dse.files import keep_in_cache
from hw_models.finn.build import FinnBuild, FinnLayer
from hw_models.finn.rtl import PRIMITIVES, layer_memories, layer_sources
from hw_models.resources import Resources
from hw_models.rtl.design import Rtl
from hw_models.synth.count import count
from hw_models.synth.flow import synthesis_job
from hw_models.synth.synthesis import CACHE, SYNTHESIS_VERSION
from hw_models.synth.yosys import TIMEOUT_S, Job, run_yosys, version

DEVICE = "xc7"

_REWRITTEN = {
    # of no bits, the wrong way round, in a branch not taken: read_slang refuses it all the same
    "thresholding.sv": ("p.ptr[M-1:SN+1] <", "(p.ptr[M-1:0] >> (SN+1)) <"),
}
"""Expressions of FINN's library that Yosys does not read, and what is equal to them."""


def synthesise_layer(
    build: FinnBuild, layer: FinnLayer, *, timeout_s: float = TIMEOUT_S, cache: Path = CACHE
) -> Resources:
    """Return what a layer takes of a Series 7 device, with the DSP blocks that FINN instantiates.

    The commands are those for our own RTL. What was counted before is remembered in `cache`.

    A matrix unit and its weight memory are synthesised apart: the unit has a procedure for
    simulations, which has to be left out, the memory one that fills it.

    Raises:
        UnmodelledError: A kind of layer whose files are not known; HLS has no RTL.
        ToolError: Yosys is missing, failed or did not end in time.
    """
    tops = [(layer.name, bool(layer.weight_bits))]
    if layer.weight_bits:
        tops.append((f"{layer.name}_memstream_wrapper", False))
    jobs = [_job(build, layer, top, ignores_initial=ignores) for top, ignores in tops]
    kept = cache / f"finn-{_digest(jobs)}.json"
    if kept.exists():
        return Resources.from_json(json.loads(kept.read_text()))
    netlists = run_yosys(jobs, timeout_s=timeout_s)
    counts = [count(netlist, DEVICE, version()).resources for netlist in netlists]
    total = sum(counts, start=Resources())
    keep_in_cache(kept, json.dumps(total.to_json()).encode())
    return total


def _digest(jobs: Sequence[Job]) -> str:
    """Return the sha256 of all that decides what `jobs` count, as 64 hex digits."""
    texts = [str(SYNTHESIS_VERSION), version()]
    for job in jobs:
        texts += [*job.passes, *(part for memory in job.memories for part in memory)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _job(build: FinnBuild, layer: FinnLayer, top: str, *, ignores_initial: bool) -> Job:
    sources = (PRIMITIVES, *layer_sources(build, layer))
    flags = "--ignore-initial " if ignores_initial else ""
    # read_slang takes no quoted names, so the files lie under plain ones in Yosys' folder
    # and its memories beside them, not where FINN wrote them, which differs from run to run
    here = f"{layer.code.absolute()}/"
    files = tuple(
        (f"{i:02}{path.suffix}", _text(path).replace(here, "")) for i, path in enumerate(sources)
    )
    names = " ".join(name for name, _ in files)
    design = Rtl(top=top, text="", sources=(), memories=(*layer_memories(layer), *files))
    job = synthesis_job(design, DEVICE, dsp=True)
    return replace(
        job,
        label=f"synthesis of FINN's {top}",
        passes=(
            f"read_slang --top {top} --allow-use-before-declare {flags}{names}",
            "chformal -remove",
            *job.passes,
        ),
    )


def _text(path: Path) -> str:
    """Return a source as Yosys can read it."""
    text = path.read_text()
    refused, equal = _REWRITTEN.get(path.name, ("", ""))
    return text.replace(refused, equal) if refused else text
