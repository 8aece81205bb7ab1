"""Where accuracies come from, and how a study's points are grouped so that work is shared."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from dse.formats import Format
from dse.point import AccuracyContext
from dse.quant import AccuracyResult
from dse.search.executor import Evaluates, Job, Task
from dse.search.store import PlannedPoint
from hw_models.graph import Accelerator

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, the parts done, and the parts there are."""

_TASKS_PER_PROCESS = 4


def silent(step: str, done: int, total: int) -> None:
    """Report nothing."""


class AccuracySource(Evaluates, Protocol):
    """A trained network with its data, ready to be quantized by any scheme."""

    @property
    def never_negative(self) -> frozenset[str]:
        """Layers whose inputs are never negative, whatever the image."""

    @property
    def context(self) -> AccuracyContext:
        """What accuracies depend on besides scheme and recipe."""

    @property
    def float_accuracy(self) -> AccuracyResult:
        """Accuracy before quantization."""


class SourceFactory(Protocol):
    """Makes accuracy sources; frozen and picklable, so that each process can make its own."""

    def data_fingerprint(self) -> str:
        """Return the fingerprint of the data, without loading the network."""

    def template(self) -> Accelerator:
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

    def __call__(self, progress: Progress = silent) -> AccuracySource:
        """Load or train the network and calibrate it; the same every time."""


def shared_tasks(points: Sequence[PlannedPoint], jobs: int) -> list[Task]:
    """Group points into tasks that share their weights, enough to keep `jobs` processes busy.

    Points with equal weight formats stay together as far as possible: they share the quantized
    weights, and everything up to the first activation in which they differ.

    Args:
        points: What is to be evaluated, in any order; the order is kept within a group.
        jobs: Number of processes.
    """
    groups: dict[tuple[object, ...], list[Job]] = {}
    for planned in points:
        scheme = planned.point.scheme
        key = (tuple(layer.weight for layer in scheme.layers), scheme.granularity, scheme.scale)
        groups.setdefault(key, []).append(Job(accuracy_key=planned.accuracy_key, scheme=scheme))
    wanted = _TASKS_PER_PROCESS * jobs if jobs > 1 else 1
    pieces = -(-wanted // len(groups)) if groups else 1
    return [task for group in groups.values() for task in _split(group, pieces)]


def _split(group: Sequence[Job], pieces: int) -> list[Task]:
    """Cut `group` into up to `pieces` runs of nearly equal length."""
    size = -(-len(group) // pieces)
    return [tuple(group[start : start + size]) for start in range(0, len(group), size)]
