"""``bitfront train``: quantization-aware training of a network in given formats."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.api.network import default_data
from dse.cli.network import (
    ActRangeOption,
    CalibrationOption,
    CheckpointOption,
    EdgeFormatOption,
    GranularityOption,
    ScaleOption,
    UnsignedActsOption,
    WeightRangeOption,
    scheme_of,
)
from dse.errors import DesignError
from dse.files import replace_atomically, require_writable_folder
from dse.formats import parse_format
from dse.point import Quantization
from dse.recipe import Recipe
from dse.training import QatSettings

if TYPE_CHECKING:
    from dse.quant.qat import TrainedNetwork
    from dse.quant.result import AccuracyResult

_CHECKPOINT, _MODEL, _REPORT = "checkpoint.pt", "model.onnx", "training.json"


def train(
    model: Annotated[
        str, typer.Argument(help="Network, e.g. digits-cnn, or package.module:factory.")
    ],
    weights: Annotated[str, typer.Option(help="Weight format, e.g. e2m1.")],
    acts: Annotated[str, typer.Option(help="Activation format, e.g. int4.")],
    out: Annotated[Path, typer.Option(help="Folder of the result; an interrupted one goes on.")],
    data: Annotated[
        str | None, typer.Option(help="Data set.", show_default="the network's own")
    ] = None,
    ptq: Annotated[str, typer.Option(help="Post-training recipe to start from.")] = "none",
    epochs: Annotated[int, typer.Option(help="Passes over the training images.", min=1)] = 6,
    batch_size: Annotated[int, typer.Option(help="Images in one step.", min=1)] = 128,
    lr: Annotated[float, typer.Option(help="Highest learning rate.", min=0.0)] = 1e-3,
    scale_lr: Annotated[
        float, typer.Option(help="The same of scales, by their log2; 0 keeps them.", min=0.0)
    ] = 1e-2,
    distillation: Annotated[
        float, typer.Option(help="Share of the float network in the targets.", min=0.0, max=1.0)
    ] = 0.5,
    patience: Annotated[
        int, typer.Option(help="Epochs without a better validation accuracy.", min=1)
    ] = 4,
    seed: Annotated[int, typer.Option(help="Decides splits and training.", min=0)] = 0,
    checkpoint: CheckpointOption = None,
    edge_format: EdgeFormatOption = None,
    unsigned_acts: UnsignedActsOption = False,
    granularity: GranularityOption = "per_channel",
    scale: ScaleOption = "float32",
    act_range: ActRangeOption = "mse",
    weight_range: WeightRangeOption = "mse",
    calibration: CalibrationOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Train a quantized network on from its post-training form; writes QONNX and a report.

    The best epoch on validation images is kept. Killed, the same command goes on where it was.
    """
    from dse.api.progress import progress_bars
    from dse.quant.export import Provenance, export_qonnx, write_qonnx
    from dse.search.source import NetworkAccuracy

    require_writable_folder(out)
    if scale == "power_of_two" and scale_lr > 0:
        raise DesignError("scales that are powers of two cannot be trained; give --scale-lr 0")
    formats = parse_format(weights), parse_format(acts)
    edge = parse_format(edge_format) if edge_format is not None else None
    accuracy = NetworkAccuracy.load(
        model=model,
        checkpoint=checkpoint,
        data=data if data is not None else default_data(model),
        calibration=calibration,
        seed=seed,
    )
    accuracy.check_formats(formats if edge is None else (*formats, edge))
    recipe = Recipe.parse(ptq)
    accuracy.check_recipes([recipe])
    settings = QatSettings(
        epochs=epochs,
        batch_size=batch_size,
        peak_lr=lr,
        scale_lr=scale_lr,
        distillation=distillation,
        patience=patience,
        seed=seed,
    )
    with progress_bars() as progress:
        evaluator = accuracy(progress)
        scheme = scheme_of(
            evaluator,
            *formats,
            edge=edge,
            unsigned_acts=unsigned_acts,
            granularity=granularity,
            scale=scale,
            act_range=act_range,
            weight_range=weight_range,
        )
        wanted = Quantization(scheme=scheme, recipe=recipe, training=settings)
        trained = evaluator.train(wanted, out / _CHECKPOINT, progress)
        accuracies = {
            "float": evaluator.float_accuracy,
            "ptq": evaluator.measure(evaluator.quantized(wanted)),
            "qat": evaluator.measure(trained.network),
        }
    provenance = Provenance(
        network=model,
        data=accuracy.data,
        data_fingerprint=evaluator.context.data,
        point="",
        scheme=scheme,
        recipe=wanted.recipe_name,
        input_format=evaluator.input_format,
        input_scale=evaluator.input_scale,
    )
    write_qonnx(export_qonnx(trained.network, evaluator.image_shape), out / _MODEL, provenance)
    report = _report(trained, settings, accuracies) | provenance.facts()
    replace_atomically(out / _REPORT, json.dumps(report, indent=1) + "\n")
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        _print(report, out)


def _report(
    trained: "TrainedNetwork", settings: QatSettings, accuracies: Mapping[str, "AccuracyResult"]
) -> dict[str, object]:
    """Return what training did, as JSON values."""
    figures = {
        f"{name}_{split}_top1_pct": getattr(result, f"{split}_top1_pct")
        for name, result in accuracies.items()
        for split in ("val", "test")
    }
    return {
        **figures,
        "n_val": accuracies["float"].n_val,
        "n_test": accuracies["float"].n_test,
        "best_epoch": trained.best,
        "epochs": [dataclasses.asdict(epoch) for epoch in trained.history],
        "settings": dataclasses.asdict(settings),
    }


def _print(report: dict[str, object], out: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{report['network']}, {report['weight_format']} weights, "
        f"{report['act_format']} activations",
        caption=f"Best of {len(report['epochs']) - 1} epochs on validation images: "  # type: ignore[arg-type]
        f"{report['best_epoch']}.",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("", "val_top1_pct", "test_top1_pct"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, title in (("float", "float"), ("ptq", "before training"), ("qat", "trained")):
        values = (f"{report[f'{name}_{split}_top1_pct']:.2f}" for split in ("val", "test"))
        table.add_row(title, *values)
    Console().print(table)
    typer.echo(f"{out / _MODEL}\n{out / _REPORT}")
