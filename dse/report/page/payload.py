"""What a page holds of a study, as JSON values: columns of all points, and words about them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dse.intervals import wilson
from dse.report.findings import NUMBERS
from dse.report.page.columns import columns
from dse.report.page.commands import commands
from dse.report.page.encode import pack_codes, pack_digests
from dse.report.page.layers import layers
from dse.search.header import FloatAccuracy, Header
from dse.search.rows import TOTALS, EndedPoint
from dse.search.settings import FoldingChoice
from dse.search.store import Store
from dse.selection import best_recipes, feasible

if TYPE_CHECKING:
    import pandas as pd

_DIGITS = 12
_FOLDINGS: dict[FoldingChoice, str] = {
    "fixed": "the same for all points",
    "cheapest": "of each point the one with the fewest LUTs",
    "fastest": "of each point the fastest that keeps the constraints",
}
_ENDED_SHOWN = 200


def payload(store: Store, folder: Path) -> dict[str, Any]:
    """Return what the page of the study in `store` shows.

    Args:
        store: Read only.
        folder: Of the study, as commands are to name it.

    Raises:
        DataError: The study is damaged.
    """
    header = store.header
    n_planned, _ = store.counts()
    rows = store.evaluations()
    per_layer, no_costs = layers(rows, store.layers(), header)
    ended = store.ended()
    settings = header.settings
    return {
        "model": settings.model,
        "data": settings.data,
        "n_points": len(rows),
        "n_planned": n_planned,
        "n_ended": len(ended),
        "is_per_layer": bool(settings.decisions),
        "objectives": list(header.objectives),
        "digests": pack_digests(rows["digest"].tolist(), _DIGITS),
        "counts": pack_codes(_counts(rows, header), 3),
        "best_of": settings.best_of,
        "columns": [] if rows.empty else list(columns(rows, header)),
        "layers": per_layer,
        "no_layer_costs": no_costs,
        "float": _float(header.float_accuracy),
        "facts": list(_facts(header)),
        "commands": commands(folder, header),
        "ended": _ended(ended),
    }


def _counts(rows: "pd.DataFrame", header: Header) -> NDArray[np.int64]:
    """Return what `dse.report.find` counts each row for.

    0: for nothing, as it lacks a number or another recipe stands for its pair of formats; 1: it
    breaks a constraint, so it is on no front; 2: for all.
    """
    needed = [name for name in NUMBERS if header.partial is None or name not in TOTALS]
    complete = rows.dropna(subset=needed)
    points = best_recipes(complete) if header.settings.best_of else complete
    counted: NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
    for some in (points, feasible(points)):
        counted += rows.index.isin(some.index)
    return counted


def _float(before: FloatAccuracy) -> dict[str, Any]:
    """Return the accuracy before quantization, by column: value, interval, images."""
    measured = {
        "val_top1_pct": (before.val_top1_pct, before.n_val),
        "test_top1_pct": (before.test_top1_pct, before.n_test),
    }
    found = {}
    for name, (top1_pct, n) in measured.items():
        interval = wilson(round(top1_pct * n / 100), n)
        found[name] = {"value": top1_pct, "low": interval.low_pct, "high": interval.high_pct}
    return found


def _facts(header: Header) -> Iterator[tuple[str, str]]:
    """Yield what a reader asks of a study first; ``report.md`` tells all of it."""
    settings, images = header.settings, header.float_accuracy
    yield (
        "images",
        (
            f"{settings.calibration} for calibration, {images.n_val} for validation, "
            f"{images.n_test} for test"
        ),
    )
    yield "device", f"{settings.device} at {header.clock_mhz:g} MHz (nominal)"
    yield "board", settings.board or "any"
    rate = f"{settings.fps:.15g} images a second" if settings.fps else "none"
    yield "frame rate asked for", rate
    yield "folding", _FOLDINGS[settings.folding]
    yield (
        "constraints",
        (", ".join(constraint.to_plain() for constraint in settings.constraints) or "none"),
    )
    yield "multipliers", "in LUTs" if settings.dsp == "none" else "in LUTs or DSP blocks"
    yield "activations", "unsigned where never negative" if settings.unsigned_acts else "signed"
    yield "formats", "chosen layer by layer" if settings.decisions else "the same in every layer"
    yield "seed", str(settings.seed)
    yield "made with", ", ".join(f"{name} {number}" for name, number in header.versions.items())


def _ended(ended: Sequence[EndedPoint]) -> list[dict[str, Any]]:
    return [asdict(item) for item in ended[:_ENDED_SHOWN]]
