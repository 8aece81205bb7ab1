"""What verbs that quantize a network share: options, its data set, its checkpoint's digest."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from dse.errors import DataError, DesignError
from dse.point import ActRange, Granularity, Scale, WeightRange

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
