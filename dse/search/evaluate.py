"""Where accuracies come from, and how a study's points are grouped so that work is shared."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from dse.formats import Format
from dse.point import AccuracyContext, ActRange, Granularity, Scale, WeightRange
from dse.progress import Progress, silent
from dse.quant import AccuracyResult
from dse.recipe import Recipe
from dse.search.rows import PlannedPoint
from dse.search.settings import StudySettings
from dse.search.sqnr import KnowsSqnr
from dse.search.work import Evaluates, Job, Task, Training
from hw_models.folding import Shapes

_TOGETHER = 8
_DIGITS_OF_A_KEY = 16


class AccuracySource(Evaluates, Protocol):
    """A trained network with its data, ready to be quantized."""

    @property
    def never_negative(self) -> frozenset[str]:
        """Layers whose inputs are never negative, whatever the image."""

    @property
    def context(self) -> AccuracyContext:
        """What accuracies depend on besides their quantization."""

    def sensitivity(
        self,
        *,
        granularity: Granularity,
        scale: Scale,
        act_range: ActRange,
        weight_range: WeightRange,
    ) -> KnowsSqnr:
        """Return the SQNR of the layers, with scales found as `Scheme` says."""

    @property
    def float_accuracy(self) -> AccuracyResult:
        """Accuracy before quantization."""


def sensitivity_of(source: AccuracySource, settings: StudySettings) -> KnowsSqnr:
    """Return the SQNR of a network's layers, quantized as a study quantizes them."""
    return source.sensitivity(
        granularity=settings.granularity,
        scale=settings.scale,
        act_range=settings.act_range,
        weight_range=settings.weight_range,
    )


class SourceFactory(Protocol):
    """Makes accuracy sources; frozen and picklable, so that each process can make its own."""

    def data_fingerprint(self) -> str:
        """Return the fingerprint of the data, without loading the network."""

    def template(self) -> Shapes:
        """Return the network's layer shapes, without training anything.

        The first layer takes the data's input format; the other formats are of no account.

        Raises:
            UserError: The network or its checkpoint is unknown, damaged, or does not fit the data.
        """

    def check_formats(self, formats: Iterable[Format]) -> None:
        """Refuse formats no network can be quantized to.

        Raises:
            FormatError: Names the first.
        """

    def check_recipes(self, recipes: Iterable[Recipe]) -> None:
        """Refuse recipes that no network can be quantized by, or not with these images.

        Raises:
            UserError: Says what is wrong with the first.
        """

    def __call__(self, progress: Progress = silent) -> AccuracySource:
        """Load or train the network and calibrate it; the same every time."""

    def portable(self) -> "SourceFactory":
        """Return a factory that needs no weights from files of this machine."""


def shared_tasks(
    points: Sequence[PlannedPoint],
    slots: int = 1,
    floors_pct: Mapping[str, float] = MappingProxyType({}),
) -> list[Task]:
    """Group points into tasks of up to eight that share weight formats and recipe.

    Without methods such points share the quantized weights and everything up to the first
    activation in which they differ; a recipe shares what it does not change. Eight is what an
    `Evaluator` works on at once; smaller tasks also balance the load, and keep all processes busy.

    Args:
        points: What is to be evaluated, in any order; the order is kept within a group.
        slots: Number of workers to give work to.
        floors_pct: `Job.floor_pct` by accuracy key, where it is not 0.
    """
    together = max(1, min(_TOGETHER, len(points) // slots))
    groups: dict[tuple[object, ...], list[Job]] = {}
    for planned in points:
        quantization = planned.point.quantization
        scheme = quantization.scheme
        weights = tuple(layer.weight for layer in scheme.layers)
        key = (weights, scheme.granularity, scheme.scale, quantization.recipe)
        job = Job(
            accuracy_key=planned.accuracy_key,
            quantization=quantization,
            floor_pct=floors_pct.get(planned.accuracy_key, 0.0),
        )
        groups.setdefault(key, []).append(job)
    return [
        tuple(group[start : start + together])
        for group in groups.values()
        for start in range(0, len(group), together)
    ]


def trainings(points: Sequence[PlannedPoint], folder: Path) -> list[Task]:
    """Return one task for each point to be trained.

    Args:
        points: What is to be trained.
        folder: Of the study; see `checkpoint_path`.
    """
    whole = folder.resolve()  # workers may be in other folders
    return [
        Training(
            job=Job(accuracy_key=planned.accuracy_key, quantization=planned.point.quantization),
            checkpoint=checkpoint_path(whole, planned.accuracy_key),
        )
        for planned in points
    ]


def checkpoint_path(folder: Path, accuracy_key: str) -> Path:
    """Return the file that holds a trained point's weights in the folder of its study."""
    return folder / "qat" / f"{accuracy_key[:_DIGITS_OF_A_KEY]}.pt"
