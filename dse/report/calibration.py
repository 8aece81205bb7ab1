"""How good the cost model is, as files: a table over devices, predictions, a figure each."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from dse.files import replace_atomically
from dse.plots.estimate_error import estimate_error
from dse.plots.save import save_figure
from hw_models.calibration.calibrate import Judgement
from hw_models.calibration.judge import Prediction

TARGETS_PCT = {"ecp5": (3.0, 8.0, 4.0)}
"""MAPE and p95 of multiply-accumulates and MAPE of dot products and units aimed at [%]."""
OTHER_TARGETS_PCT = (5.0, 13.0, 6.0)
TARGET_TAU = 0.95
"""Kendall's tau of multiply-accumulates aimed at."""


def write_calibration(judgement: Judgement, folder: Path, *, keeps_cells: bool = False) -> None:
    """Write tables and figures of a device, and ``README.md`` over all devices in `folder`.

    Args:
        judgement: How good the model is.
        folder: Where the files go.
        keeps_cells: Whether cells were not synthesised again, for the command on the page.

    Raises:
        DataError: A file cannot be written.
    """
    stem = folder / judgement.device
    stored = {**judgement.to_json(), "keeps_cells": keeps_cells}
    replace_atomically(stem.with_suffix(".json"), json.dumps(stored, indent=2) + "\n")
    replace_atomically(stem.with_suffix(".csv"), _predictions_csv(judgement.predictions))
    save_figure(estimate_error(_table(judgement.predictions), judgement.device), stem)
    nodes = judgement.node_predictions
    replace_atomically(stem.with_name(f"{judgement.device}_nodes.csv"), _predictions_csv(nodes))
    of_what = "requantizers, pools, additions"
    axes = estimate_error(_table(nodes), judgement.device, of_what=of_what)
    save_figure(axes, stem.with_name(f"{judgement.device}_nodes"))
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    replace_atomically(folder / "README.md", "\n".join([*_page(found), ""]))


def _table(predictions: Sequence[Prediction]) -> pd.DataFrame:
    return pd.DataFrame(map(asdict, predictions))


def _predictions_csv(predictions: Sequence[Prediction]) -> str:
    text = io.StringIO()
    names = [field.name for field in fields(Prediction)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for prediction in predictions:
        row = asdict(prediction)
        numbers = {name: round(row[name], 2) for name in ("formula", "naive")}
        writer.writerow(row | numbers)
    return text.getvalue()


def _page(judgements: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Errors of the cost model\n"
    yield (
        "LUTs by formula against LUTs after synthesis, for format pairs the formula has not seen. "
        "Made by\n"
    )
    for judgement in judgements:
        device = judgement["device"]
        keep = " --keep-cells" if judgement["keeps_cells"] else ""
        yield f"    bitfront calibrate --device {device}{keep} --report reports/gallery/cost-model"
    yield ""
    yield (
        "| device | cells | model | n | MAPE % | p95 % | max % | R² | tau | aim: MAPE, p95 %, tau |"
    )
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|---|"
    for judgement in judgements:
        yield from _rows(judgement)
    yield ""
    yield (
        "* *MAC, neither format seen*: fitted to all pairs that share no format with the one "
        "predicted. *MAC, random halves*: mean of 20 splits; a pair and its mirror image stay "
        "together. 1024 terms.\n"
        "* *Dot products*: 2 to 64 lanes, by the formula fitted to single products that share no "
        "format with it; no dot product was fitted to. The naive model has seen other dot products."
        "\n* *Matrix units*: whole MVAUs with weight memory, input buffer, control and results, 2 "
        "to 64 lanes, in shapes and formats that neither products nor control were fitted to. The "
        "naive model has seen other units."
        "\n* *naive*: a linear fit of 1, the product of the widths, and the accumulator's width."
    )
    yield "\n## Matrix units: what is counted\n"
    yield (
        "| device | units | other FFs | largest difference % | other block RAMs | other DSPs | "
        "aim: exact |"
    )
    yield "|---|--:|--:|--:|--:|--:|---|"
    for judgement in judgements:
        counts = judgement["unit_counts"]
        yield (
            f"| {judgement['device']} | {counts['n']} | {counts['ff_differs']} | "
            f"{counts['ff_max_pct']:.2f} | {counts['bram_differs']} | {counts['dsp_differs']} | "
            f"{_exact(counts)} |"
        )
    yield ""
    yield (
        "Estimates do not know the weights. Where a memory of a few words is in LUTs, columns that "
        "happen to be equal share their registers. As many are counted as random weights would "
        "have; how many these weights have is what other flip-flops are."
    )
    yield from _nodes(judgements)
    yield "\n## What is added up, and what the tool decides\n"
    yield (
        "| device | whole cells | other LUTs than the sum | mean difference % | other FFs | "
        "other script: mean %, mean abs %, p95 % |"
    )
    yield "|---|--:|--:|--:|--:|---|"
    for judgement in judgements:
        sums, noise = judgement["additivity"], judgement["noise"]
        yield (
            f"| {judgement['device']} | {sums['n']} | {sums['lut_differs']} | "
            f"{sums['lut_mape_pct']:.2f} | {sums['ff_differs']} | {noise['mean_pct']:+.1f}, "
            f"{noise['mape_pct']:.1f}, {noise['p95_pct']:.1f} |"
        )
    yield ""
    yield (
        "Estimates of pairs in the tables are sums of measured products and counted adders: the "
        "first columns say how often a cell synthesised whole differs from that. The last column "
        "is the change of whole MACs when the mapper runs another script: a model that is closer "
        "than this describes the script."
    )


def _nodes(judgements: list[dict[str, Any]]) -> Iterator[str]:
    yield "\n## Requantizers, pools and additions: counted from their RTL\n"
    yield (
        "| device | node | n | LUT MAPE % | max % | R² | tau | naive MAPE % | other FFs | "
        "largest difference % | other block RAMs |"
    )
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for judgement in judgements:
        for kind in judgement["nodes"]:
            lut, counts = kind["lut"], kind["counts"]
            yield (
                f"| {judgement['device']} | {kind['kind']} | {lut['n']} | {lut['mape_pct']:.1f} | "
                f"{lut['max_pct']:.1f} | {lut['r2']:.3f} | {lut['tau']:.3f} | "
                f"{kind['lut_naive']['mape_pct']:.1f} | {counts['ff_differs']} | "
                f"{counts['ff_max_pct']:.2f} | {counts['bram_differs']} |"
            )
    yield ""
    yield (
        "Nothing in these formulas is fitted to whole nodes. *thresholds* and *scale and round* "
        "are the two architectures of a requantizer. Memories in LUTs count as if their contents "
        "were drawn at random, and no channel is reversed. The naive model is a linear fit of 1, "
        "lanes times the width of the sum, and lanes times that of the codes, to the others of the "
        "kind."
    )
    for judgement in judgements:
        device = judgement["device"]
        yield f"\n![Errors of nodes on {device}]({device}_nodes.png)"


def _rows(judgement: dict[str, Any]) -> Iterator[str]:
    device = judgement["device"]
    mape, p95, dots = TARGETS_PCT.get(device, OTHER_TARGETS_PCT)
    for name, key, aims, least_tau in (
        ("MAC, neither format seen", "unseen_formats", (mape, p95), TARGET_TAU),
        ("MAC, random halves", "random_halves", (mape, p95), TARGET_TAU),
        ("dot products", "dots", (dots,), None),
        ("matrix units", "units", (dots,), None),
    ):
        for model, suffix in (("formula", ""), ("naive", "_naive")):
            found = judgement[key + suffix]
            verdict = "" if suffix else _verdict(found, judgement[f"{key}_naive"], aims, least_tau)
            yield (
                f"| {device} | {name} | {model} | {found['n']} | {found['mape_pct']:.2f} | "
                f"{found['p95_pct']:.2f} | {found['max_pct']:.1f} | {found['r2']:.4f} | "
                f"{found['tau']:.3f} | {verdict} |"
            )


def _verdict(
    found: dict[str, float],
    naive: dict[str, float],
    aims: Sequence[float],
    least_tau: float | None,
) -> str:
    """Return what is aimed at and whether it is met, which also takes less error than `naive`.

    Args:
        found: Errors of the formula.
        naive: Errors of the naive model.
        aims: Largest MAPE and, if given, 95th percentile [%].
        least_tau: Least tau, if any is aimed at.
    """
    pairs = zip(("mape_pct", "p95_pct"), aims, strict=False)
    is_met = all(found[measure] <= aim for measure, aim in pairs)
    is_met &= found["mape_pct"] < naive["mape_pct"]
    named = [f"{aim:g}" for aim in aims]
    if least_tau is not None:
        is_met &= found["tau"] >= least_tau
        named.append(f"{least_tau:g}")
    return f"{', '.join(named)}: {'met' if is_met else 'missed'}"


def _exact(counts: dict[str, Any]) -> str:
    """Return which resources are exact in every unit, and which are not."""
    missed = [name for name in ("ff", "bram", "dsp") if counts[f"{name}_differs"]]
    return f"missed: {', '.join(missed).upper()}" if missed else "met"
