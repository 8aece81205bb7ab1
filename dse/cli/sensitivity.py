"""``bitfront sensitivity``: how much each layer loses in each format, without classifying."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.api.network import default_data, study_evaluator
from dse.cli.network import (
    ActRangeOption,
    CalibrationOption,
    CheckpointOption,
    GranularityOption,
    ScaleOption,
    WeightRangeOption,
)
from dse.errors import DesignError
from dse.files import require_writable_folder
from dse.formats import parse_sweep

if TYPE_CHECKING:
    from dse.quant.sensitivity import LayerSqnr
    from dse.report.sensitivity import RankAgreement

_DEFAULT_SWEEP = "int3-8,minifloat3-8"


def sensitivity(
    model: Annotated[
        str | None, typer.Argument(help="Network, where there is no study.", show_default=False)
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(help="Folder of a study of the network, whose points judge the SQNR."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Data set.", show_default="the network's own")
    ] = None,
    formats: Annotated[str, typer.Option(help="Formats, e.g. int3-8,e4m3.")] = _DEFAULT_SWEEP,
    out: Annotated[Path | None, typer.Option(help="Folder for a CSV file and a figure.")] = None,
    seed: Annotated[int, typer.Option(help="Decides splits and training.", min=0)] = 0,
    checkpoint: CheckpointOption = None,
    granularity: GranularityOption = "per_channel",
    scale: ScaleOption = "float32",
    act_range: ActRangeOption = "mse",
    weight_range: WeightRangeOption = "mse",
    calibration: CalibrationOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print the SQNR of every layer's weights and inputs in every format.

    Weights and calibration images alone decide it. With --study, whose settings then hold, it also
    says how well the SQNR of whole networks orders the study's points by validation accuracy.
    """
    from dse.api.progress import progress_bars
    from dse.quant.sensitivity import Sensitivity
    from dse.report.sensitivity import rank_agreement, write_sensitivity
    from dse.search.source import NetworkAccuracy
    from dse.search.store import Store

    if (model is None) == (study is None):
        raise DesignError("say whose layers: a network, or a study with --study")
    if out is not None:
        require_writable_folder(out)
    swept = parse_sweep(formats)
    agreement: tuple[RankAgreement, ...] = ()
    with progress_bars() as progress:
        if study is not None:
            with Store.open_readonly(study) as store:
                settings = store.header.settings
                found = Sensitivity(
                    study_evaluator(study, store.header, checkpoint, progress).calibrated,
                    granularity=settings.granularity,
                    scale=settings.scale,
                    act_range=settings.act_range,
                    weight_range=settings.weight_range,
                )
                agreement = rank_agreement(store, found)
        else:
            assert model is not None
            accuracy = NetworkAccuracy.load(
                model=model,
                checkpoint=checkpoint,
                data=data if data is not None else default_data(model),
                calibration=calibration,
                seed=seed,
            )
            found = Sensitivity(
                accuracy(progress).calibrated,
                granularity=granularity,
                scale=scale,
                act_range=act_range,
                weight_range=weight_range,
            )
    rows = list(found.rows(swept))
    if out is not None:
        write_sensitivity(rows, out)
    if as_json:
        typer.echo(json.dumps(_json(rows, agreement), indent=1))
    else:
        _print(rows, agreement)


def _json(rows: "Sequence[LayerSqnr]", agreement: "Sequence[RankAgreement]") -> dict[str, object]:
    """Return JSON values; an infinite SQNR, where nothing is lost, is null."""
    plain = [
        {name: None if value == float("inf") else value for name, value in asdict(row).items()}
        for row in rows
    ]
    return {"layers": plain, "agreement": [asdict(item) for item in agreement]}


def _print(rows: "Sequence[LayerSqnr]", agreement: "Sequence[RankAgreement]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    layers = list(dict.fromkeys(row.layer for row in rows))
    table = Table(
        title="SQNR in dB: weights, below them inputs",
        caption="The network's input is given in codes and loses nothing.",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("format")
    for layer in layers:
        table.add_column(layer, justify="right")
    by_format: dict[str, list[str]] = {}
    for row in rows:
        by_format.setdefault(row.format, []).append(
            f"{row.weight_sqnr_db:.1f}\n{row.act_sqnr_db:.1f}"
        )
    for name, cells in by_format.items():
        table.add_row(name, *cells)
    Console().print(table)
    for item in agreement:
        typer.echo(
            f"{item.points} points of the study ({item.n}): Kendall's tau {item.tau:.3f} between "
            "predicted SQNR and validation accuracy"
        )
