"""The study: every point of a grid evaluated once, in a folder that remembers."""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import dse
from dse.errors import DesignError
from dse.point import ACCURACY_VERSION, joint_digest
from dse.progress import Progress, silent
from dse.search.costs import cost_column, cost_context, cost_rows, cost_table
from dse.search.evaluate import AccuracySource, SourceFactory, shared_tasks
from dse.search.executor import run_here, run_in_processes
from dse.search.header import FloatAccuracy, Header, PartialCoverage, ReferencePoint
from dse.search.lock import WriterLock, writer_lock
from dse.search.settings import StudySettings
from dse.search.space import Grid
from dse.search.store import DB_NAME, CostRow, PlannedPoint, Store
from hw_models.cost import COST_VERSION, coefficients_digest
from hw_models.devices import DEVICES
from hw_models.folding import Shapes, fold_to_fps
from hw_models.partial import PartialAccelerator

EVALUATION = "evaluation"
_REFERENCE_ERROR_POINTS = 10.0
_PACKAGES = ("torch", "brevitas", "numba", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A finished study, and what this run had to do for it.

    Attributes:
        folder: Where ``study.db`` is.
        n_points: Points of the study, all evaluated.
        n_computed: Accuracies this run computed.
    """

    folder: Path
    n_points: int
    n_computed: int

    def open(self) -> Store:
        """Open the study for reading."""
        return Store.open_readonly(self.folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    header: Header
    points: tuple[PlannedPoint, ...]
    costs: tuple[CostRow, ...]


def explore(
    settings: StudySettings,
    folder: Path,
    accuracy: SourceFactory,
    *,
    jobs: int,
    progress: Progress = silent,
) -> Study:
    """Evaluate every weight × activation × recipe of `settings` that `folder` does not hold yet.

    What is cheap to check is checked first, before anything is written. Costs of all points are
    stored at once, accuracies one by one as they are found.

    A complete study is recognised by its settings, the fingerprint of the data, and the versions
    of bitfront, quantization and cost model; neither network nor torch is loaded then. A network
    given as ``package.module:factory`` is always loaded, for its code may have changed.

    Args:
        settings: What defines the study.
        folder: Where it is kept; made if missing.
        accuracy: Makes the trained network of `settings`.
        jobs: Number of processes that find accuracies; no result depends on it.
        progress: Told about training, calibration and evaluation.

    Raises:
        UserError: Something asked for is unknown, contradictory, missing or damaged, or `folder`
            holds a study of something else; that study is unchanged.
    """
    if jobs < 1:
        raise DesignError(f"--jobs is {jobs}; give at least 1 process")
    clock_mhz = DEVICES[settings.device].clock_mhz
    present = _header_in(folder)
    data = accuracy.data_fingerprint()
    if present and _is_current(present, settings, data):
        with Store.open_readonly(folder) as store:
            planned, evaluated = store.counts()
        if planned == evaluated > 0:
            return Study(folder=folder, n_points=planned, n_computed=0)
    accuracy.check_formats(dict.fromkeys((*settings.weights, *settings.acts)))
    accuracy.check_recipes(settings.recipes)
    template = accuracy.template()
    foldings = fold_to_fps(template, settings.fps, clock_mhz)
    grid = Grid(settings=settings, template=template, foldings=foldings)
    cost_table(template, list(grid.points()))  # a format without hardware ends here
    if present:
        _refuse_another_study(present, settings, data, folder)
    with writer_lock(folder) as lock:
        source = accuracy(progress)
        plan = _planned(grid.with_unsigned(source.never_negative), source, clock_mhz)
        with _opened(lock, plan.header) as store:
            store.plan(plan.points, plan.costs)
            n_computed = _evaluate_missing(store, source, accuracy, jobs, progress)
            n_points, _ = store.counts()
    return Study(folder=folder, n_points=n_points, n_computed=n_computed)


def _header_in(folder: Path) -> Header | None:
    """Return the header of the study in `folder`, or `None` where there is none."""
    if not (folder / DB_NAME).exists():
        return None
    with Store.open_readonly(folder) as store:
        return store.header


def _is_current(header: Header, settings: StudySettings, data: str) -> bool:
    """Return whether today's bitfront would plan the same study, as far as that needs no torch."""
    return (
        header.settings == settings
        and ":" not in settings.model
        and header.accuracy.data == data
        and header.accuracy_version == ACCURACY_VERSION
        and header.cost.version == COST_VERSION
        and header.cost.coefficients == coefficients_digest(settings.device)
        and header.versions["bitfront"] == dse.__version__
    )


def _refuse_another_study(header: Header, settings: StudySettings, data: str, folder: Path) -> None:
    if difference := header.settings.first_difference(settings):
        raise DesignError(
            f"{folder} holds a study with other settings: {difference}; name another --out"
        )
    if header.accuracy.data != data:
        raise DesignError(
            f"data set '{settings.data}' has changed since the study in {folder} was made; "
            "name another --out"
        )


def _planned(grid: Grid, source: AccuracySource, clock_mhz: float) -> _Plan:
    """Return header, points and costs of the study, keys and all."""
    context = cost_context(grid.template, grid.settings.device)
    points: dict[str, PlannedPoint] = {}
    for point in grid.points():
        accuracy_key, cost_key = point.accuracy_key(source.context), point.cost_key(context)
        digest = joint_digest(accuracy_key, cost_key)
        points[digest] = PlannedPoint(
            digest=digest, accuracy_key=accuracy_key, cost_key=cost_key, point=point
        )
    planned = tuple(points.values())
    table = cost_table(grid.template, [item.point for item in planned])
    column = cost_column(grid.template)
    (int8_cost,) = getattr(cost_table(grid.template, [grid.int8_point()]), column)
    before = source.float_accuracy
    header = Header(
        settings=grid.settings,
        accuracy=source.context,
        accuracy_version=ACCURACY_VERSION,
        cost=context,
        clock_mhz=clock_mhz,
        foldings=tuple((folding.pe, folding.simd) for folding in grid.foldings),
        float_accuracy=FloatAccuracy(
            val_top1_pct=before.val_top1_pct,
            n_val=before.n_val,
            test_top1_pct=before.test_top1_pct,
            n_test=before.n_test,
        ),
        reference=ReferencePoint(
            error_pct=100.0 - before.val_top1_pct + _REFERENCE_ERROR_POINTS,
            log2_lut=math.log2(int8_cost),
        ),
        partial=_partial_of(grid.template),
        versions=_versions(),
    )
    return _Plan(
        header=header, points=planned, costs=cost_rows(table, [item.cost_key for item in planned])
    )


def _partial_of(template: Shapes) -> PartialCoverage | None:
    """Return what hardware covers of a network that leaves a part to a host."""
    if not isinstance(template, PartialAccelerator):
        return None
    host = tuple((node.name, node.function, node.macs) for node in template.host)
    return PartialCoverage(macs=template.macs, host=host)


def _versions() -> Mapping[str, str]:
    return {"bitfront": dse.__version__} | {name: version(name) for name in _PACKAGES}


@contextmanager
def _opened(lock: WriterLock, header: Header) -> Iterator[Store]:
    """Open the locked folder's study, made or planned anew where `header` asks for it.

    Raises:
        DesignError: The folder holds a study of other settings, data or weights.
    """
    present = _header_in(lock.folder)
    if present is None:
        with Store.create(lock, header) as store:
            yield store
        return
    _refuse_another_study(present, header.settings, header.accuracy.data, lock.folder)
    if present.accuracy != header.accuracy:
        raise DesignError(
            f"the weights of '{header.settings.model}' are not those of the study in "
            f"{lock.folder}; name another --out"
        )
    with Store.open(lock) as store:
        anew = replace(header, versions=present.versions)
        if anew != present:
            store.replace_header(anew)
        yield store


def _evaluate_missing(
    store: Store, source: AccuracySource, factory: SourceFactory, jobs: int, progress: Progress
) -> int:
    """Find and commit the accuracies the store lacks, and return how many those were."""
    missing = store.missing()
    if not missing:
        return 0
    _, done = store.counts()
    total = done + len(missing)
    progress(EVALUATION, done, total)
    tasks = shared_tasks(missing)
    workers = min(jobs, len(tasks))
    store.begin_run(_versions())
    results = run_here(source, tasks) if workers == 1 else run_in_processes(factory, tasks, workers)
    with closing(results):
        for accuracy_key, result in results:
            store.add_accuracy(accuracy_key, result)
            done += 1
            progress(EVALUATION, done, total)
    store.end_run()
    return len(missing)
