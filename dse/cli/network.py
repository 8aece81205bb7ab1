"""What verbs that quantize a network share: their options, and the scheme these describe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.formats import Format
from dse.point import (
    ActRange,
    Granularity,
    HostMath,
    Scale,
    Scheme,
    WeightRange,
)

if TYPE_CHECKING:
    from dse.quant.evaluator import Evaluator

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
