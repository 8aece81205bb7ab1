"""What verbs that quantize a network share: options, data set, checkpoint, a study's network."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.errors import DataError, DesignError
from dse.formats import Format
from dse.point import (
    ACCURACY_VERSION,
    ActRange,
    Granularity,
    HostMath,
    Scale,
    Scheme,
    WeightRange,
)

if TYPE_CHECKING:
    from dse.progress import Progress
    from dse.quant.evaluator import Evaluator
    from dse.search.header import Header

ExecutorOption = Annotated[
    str,
    typer.Option(
        help="Who evaluates: processes, dask (a cluster made here), or dask:ADDRESS of a scheduler."
    ),
]
KnownOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Study whose accuracies are taken where they are the same; may be given again.",
        show_default=False,
    ),
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option(help="File with a torch state dict.", show_default="weights trained here"),
]
EdgeFormatOption = Annotated[
    str | None,
    typer.Option(help="Weights of first and last layer.", show_default="as in the others"),
]
UnsignedActsOption = Annotated[
    bool, typer.Option("--unsigned-acts", help="Unsigned formats where never negative.")
]
GranularityOption = Annotated[
    Granularity, typer.Option(help="Weight scales per output channel or tensor.")
]
ScaleOption = Annotated[Scale, typer.Option(help="Values a scale may take.")]
ActRangeOption = Annotated[ActRange, typer.Option(help="How activation scales are found.")]
WeightRangeOption = Annotated[WeightRange, typer.Option(help="How weight scales are found.")]
HostOption = Annotated[
    HostMath,
    typer.Option("--host", help="What softmax, LayerNorm, GELU and their like read."),
]
CalibrationOption = Annotated[
    int | None,
    typer.Option(help="Images to calibrate on.", show_default="all that are set aside"),
]


def default_data(model: str) -> str:
    """Return the data set the network called `model` was made for; loads torch.

    Raises:
        DesignError: It was made for none.
    """
    from dse.models import load_network

    name = load_network(model).default_data
    if not name:
        raise DesignError(f"network '{model}' has no data set of its own; give one with --data")
    return name


def scheme_of(
    evaluator: "Evaluator",
    weight: Format,
    act: Format,
    *,
    edge: Format | None,
    unsigned_acts: bool,
    granularity: Granularity,
    scale: Scale,
    act_range: ActRange,
    weight_range: WeightRange,
) -> Scheme:
    """Return the scheme of a network in one weight and one activation format, by the options.

    Args:
        evaluator: Holds the network.
        weight: Format of the weights.
        act: Format of the activations.
        edge: Weight format of first and last layer; `None`: `weight`.
        unsigned_acts: Whether inputs that are never negative lose their sign.
        granularity: See `Scheme`.
        scale: See `Scheme`.
        act_range: See `Scheme`.
        weight_range: See `Scheme`.
    """
    return Scheme.uniform(
        evaluator.layers,
        weight,
        act,
        evaluator.input_format,
        edge=edge,
        never_negative=evaluator.never_negative if unsigned_acts else frozenset(),
        granularity=granularity,
        scale=scale,
        act_range=act_range,
        weight_range=weight_range,
    )


def checkpoint_sha256(path: Path | None) -> str:
    """Return the digest of a checkpoint's file; ``""`` where weights are trained here.

    Raises:
        DataError: The file cannot be read.
    """
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror or error}") from error


def study_evaluator(
    study: Path, header: "Header", checkpoint: Path | None, progress: "Progress"
) -> "Evaluator":
    """Return the calibrated network behind a study, made again.

    Args:
        study: Folder of the study.
        header: Its header.
        checkpoint: File with the weights, if the study had one.
        progress: Told of training and calibration.

    Raises:
        DesignError: Weights, data or this version of bitfront are not those of the study.
        DataError: The weights or the data are not to be had.
    """
    from dse.search.source import NetworkAccuracy

    settings = header.settings
    here = replace(settings, checkpoint_sha256=checkpoint_sha256(checkpoint))
    if difference := settings.first_difference(here):
        raise DesignError(f"the weights are not those of the study in {study}: {difference}")
    if header.accuracy_version != ACCURACY_VERSION:
        raise DesignError(
            f"another version of bitfront quantized the study in {study}; "
            f"'bitfront explore' with the same settings brings it up to date"
        )
    accuracy = NetworkAccuracy.of_study(settings, checkpoint)
    if accuracy.fingerprint != header.accuracy.data:
        raise DesignError(
            f"data set '{settings.data}' has changed since the study in {study} was made"
        )
    evaluator = accuracy(progress)
    if evaluator.context != header.accuracy:
        raise DesignError(
            f"the weights of '{settings.model}' are not those of the study in {study}; "
            "explore again into another folder"
        )
    return evaluator
