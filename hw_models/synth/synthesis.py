"""Synthesis with a memory: counts of designs on devices, computed once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import platformdirs

from dse.errors import DataError, DesignError
from dse.files import keep_in_cache
from dse.registry import nearest
from hw_models.resources import Resources
from hw_models.rtl.design import Rtl
from hw_models.synth.count import Synthesis, count
from hw_models.synth.flow import DEVICES, library_setup, synthesis_job
from hw_models.synth.yosys import TIMEOUT_S, run_yosys, version

SYNTHESIS_VERSION = 1
"""Raise it when counting changes."""

CACHE = Path(platformdirs.user_cache_dir("bitfront")) / "synthesis"


def synthesise(
    rtls: Sequence[Rtl],
    device: str,
    *,
    dsp: bool = False,
    processes: int = 1,
    timeout_s: float = TIMEOUT_S,
    cache: Path = CACHE,
) -> list[Synthesis]:
    """Synthesise `rtls` for `device` and count what they take, from the cache where it is known.

    Each result is stored under a digest of the RTL, the device, the commands and the tool's
    version as soon as its batch is done. An unreadable entry is set aside and computed again. A
    cache that cannot be written costs a warning, no result.

    Args:
        rtls: Designs.
        device: One of `DEVICES`.
        dsp: Let multipliers become DSP blocks.
        processes: How many runs of Yosys at a time.
        timeout_s: Longest time for one design [s].
        cache: Folder of the cache.

    Raises:
        DesignError: No such device.
        ToolError: Yosys is missing, failed or did not end in time.
    """
    if device not in DEVICES:
        hint = nearest(device, list(DEVICES))
        raise DesignError(f"no synthesis for '{device}'{hint}; known: {', '.join(DEVICES)}")
    tool_version = version()
    paths = [cache / f"{_digest(rtl, device, dsp, tool_version)}.json" for rtl in rtls]
    known = {path: _load(path) for path in paths}
    by_library: dict[tuple[Path, ...], dict[Path, Rtl]] = {}
    for path, rtl in zip(paths, rtls, strict=True):
        if known[path] is None:
            by_library.setdefault(rtl.sources, {})[path] = rtl
    for missing in by_library.values():
        jobs = [synthesis_job(rtl, device, dsp=dsp) for rtl in missing.values()]
        setup = library_setup(next(iter(missing.values())))
        netlists = run_yosys(jobs, setup, processes=processes, timeout_s=timeout_s)
        for path, netlist in zip(missing, netlists, strict=True):
            counted = count(netlist, device, tool_version)
            keep_in_cache(path, json.dumps(asdict(counted), indent=1).encode())
            known[path] = counted
    return [result for path in paths if (result := known[path]) is not None]


def _digest(rtl: Rtl, device: str, dsp: bool, tool_version: str) -> str:
    job = synthesis_job(rtl, device, dsp=dsp)
    parts = [str(SYNTHESIS_VERSION), tool_version, device, rtl.text, *job.passes]
    parts += [path.read_text() for path in rtl.sources]
    parts += [text for memory in rtl.memories for text in memory]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _load(path: Path) -> Synthesis | None:
    """Read a cache entry; None if there is none, or it cannot be read: then it is put aside.

    Raises:
        DataError: It can neither be read nor put aside.
    """
    try:
        fields = json.loads(path.read_text())
        return Synthesis(**{**fields, "resources": Resources(**fields["resources"])})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError, OSError, DesignError):
        aside = path.with_suffix(".unreadable")
        try:
            path.replace(aside)
        except OSError as error:
            raise DataError(
                f"the cache entry {path} cannot be read, nor put aside as {aside.name} "
                f"({error.strerror or error}); remove it"
            ) from error
        return None
