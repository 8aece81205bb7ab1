"""``bitfront export``: a quantized network as a QONNX file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.network import (
    ActRangeOption,
    CalibrationOption,
    CheckpointOption,
    EdgeFormatOption,
    GranularityOption,
    ScaleOption,
    UnsignedActsOption,
    WeightRangeOption,
    default_data,
    scheme_of,
    study_evaluator,
)
from dse.errors import DataError, DesignError
from dse.files import require_writable_folder
from dse.formats import parse_format
from dse.point import Quantization, find_by_prefix
from dse.recipe import Recipe
from hw_models.build.fold import write_foldings
from hw_models.folding import Folding

if TYPE_CHECKING:
    from dse.progress import Progress
    from dse.quant.evaluator import Evaluator
    from dse.quant.pipeline import QuantizedNetwork

_WITH_STUDY = frozenset({"study", "point", "out", "checkpoint", "as_json"})
"""Options that go with a study; it has decided on the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is to be exported.

    Attributes:
        network: Name of the network.
        data: Name of the data set.
        evaluator: Holds the trained network, calibrated.
        quantization: Number formats, post-training recipe and training.
        point: Digest in a study; ``""`` without one.
        trained: File with the weights of a trained point; else `None`.
        foldings: Of a point, the folding of every layer; else none.
    """

    network: str
    data: str
    evaluator: "Evaluator"
    quantization: Quantization
    point: str
    trained: Path | None = None
    foldings: tuple[Folding, ...] = ()

    def quantized(self) -> "QuantizedNetwork":
        """Return the network to export."""
        if self.trained is None:
            return self.evaluator.quantized(self.quantization)
        return self.evaluator.trained(self.quantization, self.trained)


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
    from dse.cli.progress import progress_bars
    from dse.search.source import NetworkAccuracy

    _require_writable(out)
    with progress_bars() as progress:
        if study is not None:
            _refuse_further_options(context)
            chosen = _point_of(study, point, checkpoint, progress)
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
            chosen = _Chosen(
                network=model,
                data=data,
                evaluator=evaluator,
                quantization=Quantization(scheme=scheme, recipe=recipe),
                point="",
            )
    facts = _write(chosen, out)
    typer.echo(json.dumps({"out": str(out), **facts}, indent=2) if as_json else out)


def _seeded(context: typer.Context, model: str, seed: int) -> "Evaluator":
    """Return a network with random weights; there are no data to go with it."""
    from dse.quant.seeded import seeded_evaluator

    given = [name for name in ("data", "checkpoint", "calibration") if context.params[name]]
    if given:
        raise DesignError(f"--seeded needs no --{given[0]}; leave one of them out")
    return seeded_evaluator(model, seed)


def _require_writable(out: Path) -> None:
    if out.is_dir():
        raise DataError(f"--out {out} is a folder; name a file in it, such as {out / 'model.onnx'}")
    require_writable_folder(out.parent)


def _refuse_further_options(context: typer.Context) -> None:
    """Refuse options a study has decided on, whatever their values."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in _WITH_STUDY and source is not None and source.name == "COMMANDLINE":
            flag = name.replace("_", "-")
            raise DesignError(f"--{flag} is the study's to say; leave it out, or leave out STUDY")


def _point_of(
    study: Path, prefix: str | None, checkpoint: Path | None, progress: "Progress"
) -> _Chosen:
    """Make the network behind a point of a study again.

    Raises:
        UserError: There is no such study or point, or its weights or data are not to be had.
    """
    from dse.search.evaluate import checkpoint_path
    from dse.search.store import Store

    if prefix is None:
        raise DesignError(f"which point of {study}? Give --point; 'bitfront pareto {study}' lists")
    with Store.open_readonly(study) as store:
        header = store.header
        digest = find_by_prefix(prefix, store.evaluations()["digest"])
        point = store.point(digest)
    settings, wanted = header.settings, point.quantization
    evaluator = study_evaluator(study, header, checkpoint, progress)
    key = point.accuracy_key(header.accuracy)
    return _Chosen(
        network=settings.model,
        data=settings.data,
        evaluator=evaluator,
        quantization=wanted,
        point=digest,
        trained=checkpoint_path(study, key) if wanted.training else None,
        foldings=point.foldings,
    )


def _write(chosen: _Chosen, out: Path) -> dict[str, str]:
    """Write the file, and a point's foldings beside it; return what it says about itself."""
    from dse.quant.export import Provenance, export_qonnx, write_qonnx

    evaluator = chosen.evaluator
    model = export_qonnx(chosen.quantized(), evaluator.image_shape)
    provenance = Provenance(
        network=chosen.network,
        data=chosen.data,
        data_fingerprint=evaluator.context.data,
        point=chosen.point,
        scheme=chosen.quantization.scheme,
        recipe=chosen.quantization.recipe_name,
        input_format=evaluator.input_format,
        input_scale=evaluator.input_scale,
    )
    write_qonnx(model, out, provenance)
    if not chosen.foldings:
        return provenance.facts()
    foldings = out.with_suffix(".foldings.json")
    layers = [layer.layer for layer in chosen.quantization.scheme.layers]
    write_foldings(foldings, layers, chosen.foldings)
    return {**provenance.facts(), "foldings": str(foldings)}
