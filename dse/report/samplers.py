"""Samplers judged: evaluations to the target, as a page with tables and figures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dse.files import replace_atomically
from dse.plots.samplers import BAND_PCT, hypervolume_over_evaluations
from dse.plots.save import save_figure
from dse.report.markdown import escape, table
from dse.search.replay import Trace
from dse.search.samplers import SAMPLERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many evaluations a sampler needs on one space.

    Attributes:
        sampler: Its name.
        runs: Seeds.
        reached: Runs that reached the target.
        median: Evaluations to the target, median over runs; inf where half the runs or more did
            not reach it.
        low: The same at the band's lower percentile.
        high: The same at the band's upper percentile.
        last_pct: Share of the hypervolume at the end of a run, median [%].
    """

    sampler: str
    runs: int
    reached: int
    median: float
    low: float
    high: float
    last_pct: float


def verdicts(traces: Sequence[Trace], target_pct: float) -> tuple[Verdict, ...]:
    """Return one verdict a sampler of one space, the fewest evaluations first."""
    found = []
    for name in dict.fromkeys(trace.sampler for trace in traces):
        runs = [trace for trace in traces if trace.sampler == name]
        counts = [trace.evaluations_to(target_pct) for trace in runs]
        low, median, high = (_percentile(counts, q) for q in (BAND_PCT[0], 50.0, BAND_PCT[1]))
        found.append(
            Verdict(
                sampler=name,
                runs=len(runs),
                reached=sum(np.isfinite(counts)),
                median=median,
                low=low,
                high=high,
                last_pct=float(np.median([trace.hypervolume_pct[-1] for trace in runs])),
            )
        )
    return tuple(sorted(found, key=lambda verdict: (verdict.median, -verdict.last_pct)))


def write_samplers(
    traces: Mapping[str, Sequence[Trace]],
    sizes: Mapping[str, int],
    *,
    target_pct: float,
    limit: int,
    command: str,
    folder: Path,
) -> None:
    """Write ``README.md``, ``runs.csv`` and one figure a space into `folder`.

    Args:
        traces: Runs by name of the space.
        sizes: Candidates by name of the space.
        target_pct: Share of the hypervolume to be reached [%].
        limit: Evaluations at most.
        command: What made them.
        folder: Where to write.

    Raises:
        DataError: A file cannot be written.
    """
    lines = [
        "# Samplers, judged",
        "",
        "Made by",
        "",
        f"    {command}",
        "",
        f"Every error of these spaces is known, so {target_pct:g} % of the true hypervolume "
        "(validation error and log2 of the cost, reference point of the study) is known too. "
        f"Counted are evaluations of accuracy until a sampler reaches it, {limit} at most; costs "
        "are free, a candidate asked again is not counted again. Bands are the "
        f"{BAND_PCT[0]:g} to {BAND_PCT[1]:g} % percentiles over seeds.",
    ]
    rows = []
    for number, (name, runs) in enumerate(traces.items(), 1):
        slug = f"{number}-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        save_figure(hypervolume_over_evaluations(runs, target_pct), folder / slug)
        judged = verdicts(runs, target_pct)
        lines += ["", f"## {escape(name)}", "", f"![Hypervolume]({slug}.png)", ""]
        lines += _table(judged, sizes[name])
        rows += [
            (name, trace.sampler, trace.seed, trace.evaluations_to(target_pct)) for trace in runs
        ]
    lines += ["", "## Samplers", ""]
    used = dict.fromkeys(
        trace.sampler.partition(" ")[0] for runs in traces.values() for trace in runs
    )
    lines += [f"* `{name}`: {SAMPLERS[name].summary}" for name in used]
    frame = pd.DataFrame(rows, columns=["space", "sampler", "seed", "evaluations"])
    replace_atomically(folder / "runs.csv", frame.to_csv(index=False, lineterminator="\n"))
    replace_atomically(folder / "README.md", "\n".join([*lines, ""]))


def _table(judged: Sequence[Verdict], size: int) -> list[str]:
    heads = ["sampler", "evaluations", "band", "of the space", "runs that reached it", "at the end"]
    body = [
        [
            f"`{verdict.sampler}`",
            _count(verdict.median),
            f"{_count(verdict.low)} to {_count(verdict.high)}",
            f"1/{size / verdict.median:.1f}" if np.isfinite(verdict.median) else "not reached",
            f"{verdict.reached} of {verdict.runs}",
            f"{verdict.last_pct:.2f} %",
        ]
        for verdict in judged
    ]
    return [table(heads, body, "lrrrrr")]


def _count(evaluations: float) -> str:
    return f"{evaluations:g}" if np.isfinite(evaluations) else "more"


def _percentile(counts: Sequence[float], percent: float) -> float:
    """Return a percentile that is one of `counts`, for some may be infinite."""
    return float(np.percentile(counts, percent, method="higher"))
