"""``bitfront export``: a quantized network as a QONNX file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.api.export import Chosen, point_of, require_writable
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
from dse.formats import parse_format
from dse.point import Quantization
from dse.recipe import Recipe

if TYPE_CHECKING:
    from dse.quant.evaluator import Evaluator

_WITH_STUDY = frozenset({"study", "point", "out", "checkpoint", "as_json"})
"""Options that go with a study; it has decided on the others."""


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="QONNX file to write.")],
    study: Annotated[
        Path | None, typer.Argument(help="Folder of a study.", show_default=False)
    ] = None,
    point: Annotated[
        str | None, typer.Option(help="Point of the study: 8 or more characters of its digest.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Network, where there is no study.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Data set.", show_default="the network's own")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Weight format, e.g. int4.")] = None,
    acts: Annotated[str | None, typer.Option(help="Activation format, e.g. e2m1.")] = None,
    seed: Annotated[int, typer.Option(help="Decides splits and training.", min=0)] = 0,
    seeded: Annotated[
        bool,
        typer.Option("--seeded", help="Random weights, ranges of images as build draws them."),
    ] = False,
    checkpoint: CheckpointOption = None,
    edge_format: EdgeFormatOption = None,
    unsigned_acts: UnsignedActsOption = False,
    granularity: GranularityOption = "per_channel",
    scale: ScaleOption = "float32",
    act_range: ActRangeOption = "mse",
    weight_range: WeightRangeOption = "mse",
    calibration: CalibrationOption = None,
    ptq: Annotated[str, typer.Option(help="Post-training recipe, e.g. equalize+gptq.")] = "none",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Write a point of a study, or a network in given formats, as a QONNX file.

    Either STUDY and --point, or --model, --weights and --acts say what to export. Beside a point's
    file goes its folding, NAME.foldings.json, for build --fold.
    """
    from dse.api.progress import progress_bars
    from dse.search.source import NetworkAccuracy

    require_writable(out)
    with progress_bars() as progress:
        if study is not None:
            _refuse_further_options(context)
            if point is None:
                raise DesignError(
                    f"which point of {study}? Give --point; 'bitfront pareto {study}' lists"
                )
            chosen = point_of(study, point, checkpoint, progress)
        elif model is None or weights is None or acts is None or point is not None:
            raise DesignError(
                "say what to export: a study's folder and --point, or --model, --weights and --acts"
            )
        else:
            formats, recipe = (parse_format(weights), parse_format(acts)), Recipe.parse(ptq)
            edge = parse_format(edge_format) if edge_format is not None else None
            if seeded:
                data, evaluator = "", _seeded(context, model, seed)
            else:
                data = data if data is not None else default_data(model)
                accuracy = NetworkAccuracy.load(
                    model=model,
                    checkpoint=checkpoint,
                    data=data,
                    calibration=calibration,
                    seed=seed,
                )
                accuracy.check_formats(formats if edge is None else (*formats, edge))
                accuracy.check_recipes([recipe])
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
            chosen = Chosen(
                network=model,
                data=data,
                evaluator=evaluator,
                quantization=Quantization(scheme=scheme, recipe=recipe),
                point="",
            )
    facts = chosen.write(out)
    typer.echo(json.dumps({"out": str(out), **facts}, indent=2) if as_json else out)


def _seeded(context: typer.Context, model: str, seed: int) -> "Evaluator":
    """Return a network with random weights; there are no data to go with it."""
    from dse.quant.seeded import seeded_evaluator

    given = [name for name in ("data", "checkpoint", "calibration") if context.params[name]]
    if given:
        raise DesignError(f"--seeded needs no --{given[0]}; leave one of them out")
    return seeded_evaluator(model, seed)


def _refuse_further_options(context: typer.Context) -> None:
    """Refuse options a study has decided on, whatever their values."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in _WITH_STUDY and source is not None and source.name == "COMMANDLINE":
            flag = name.replace("_", "-")
            raise DesignError(f"--{flag} is the study's to say; leave it out, or leave out STUDY")
