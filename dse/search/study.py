"""The study: every point of a grid evaluated once, in a folder that remembers."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import dse
from dse.errors import DesignError
from dse.point import ACCURACY_VERSION
from dse.progress import Progress, silent
from dse.search.checked import CheckedFactory, versions
from dse.search.costs import compared_costs, cost_context, cost_rows, cost_table
from dse.search.evaluate import AccuracySource, SourceFactory
from dse.search.executor import PROCESSES, Workers, check_executor
from dse.search.header import FloatAccuracy, Header, PartialCoverage, ReferencePoint
from dse.search.known import Known
from dse.search.lock import WriterLock, writer_lock
from dse.search.rounds import Plan, rounds
from dse.search.rows import PlannedPoint
from dse.search.schema import DB_NAME
from dse.search.settings import StudySettings
from dse.search.space import Grid, Space
from dse.search.store import Store
from dse.search.work import Task
from hw_models.cost import COST_VERSION, coefficients_digest
from hw_models.devices import DEVICES
from hw_models.folding import Shapes, fold_to_fps
from hw_models.graph import Accelerator
from hw_models.partial import PartialAccelerator

EVALUATION = "evaluation"
_REFERENCE_ERROR_POINTS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """A finished study, and what this run had to do for it.

    Attributes:
        folder: Where ``study.db`` is.
        n_points: Points of the study, all evaluated.
        n_computed: Accuracies this run computed; those it knew from elsewhere are none.
    """

    folder: Path
    n_points: int
    n_computed: int

    def open(self) -> Store:
        """Open the study for reading."""
        return Store.open_readonly(self.folder)


def explore(
    settings: StudySettings,
    folder: Path,
    accuracy: SourceFactory,
    *,
    jobs: int,
    executor: str | Executor = PROCESSES,
    known: Known = MappingProxyType({}),
    progress: Progress = silent,
) -> StudyRun:
    """Evaluate every weight × activation × recipe of `settings` that `folder` does not hold yet.

    What is cheap to check is checked first, before anything is written. Costs of all points are
    stored at once, accuracies one by one as they are found. Unless the settings are exact, a point
    ends as soon as it is sure to be dominated. When all are there, the pairs of formats that matter
    most to the front are trained, if the settings ask for it.

    A complete study is recognised by its settings, the fingerprint of the data, and the versions
    of bitfront, quantization and cost model; neither network nor torch is loaded then. A network
    given as ``package.module:factory`` is always loaded, for its code may have changed.

    Args:
        settings: What defines the study.
        folder: Where it is kept; made if missing.
        accuracy: Makes the trained network of `settings`.
        jobs: Number of processes that find accuracies; no result depends on it.
        executor: ``processes``, ``dask``, ``dask:ADDRESS``, or an executor that is given `jobs`
            tasks at a time.
        known: Accuracies other studies found; see `known_accuracies`.
        progress: Told about training, calibration and evaluation.

    Raises:
        UserError: Something asked for is unknown, contradictory, missing or damaged, or `folder`
            holds a study of something else; that study is unchanged.
    """
    check_executor(executor, jobs)
    clock_mhz = DEVICES[settings.device].clock_mhz
    present = header_in(folder)
    data = accuracy.data_fingerprint()
    if present and _is_current(present, settings, data):
        with Store.open_readonly(folder) as store:
            planned, evaluated = store.counts()
            trains = store.has_trainings()
        if planned == evaluated > 0 and trains == (settings.qat > 0):
            return StudyRun(folder=folder, n_points=planned, n_computed=0)
    accuracy.check_formats(dict.fromkeys((*settings.weights, *settings.acts)))
    accuracy.check_recipes(settings.recipes)
    template = accuracy.template()
    foldings = fold_to_fps(template, settings.fps, clock_mhz)
    grid = Grid(settings=settings, template=template, foldings=foldings)
    cost_table(template, list(grid.points()))  # a format without hardware ends here
    if present:
        refuse_another_study(present, settings, data, folder)
    with writer_lock(folder) as lock:
        source = accuracy(progress)
        plan = _planned(grid.with_unsigned(source.never_negative), source, clock_mhz)
        with (
            opened(lock, plan.header) as store,
            workers_for(source, accuracy, folder, executor, jobs, known, progress) as workers,
        ):
            all_rounds = rounds(store, plan, folder, workers.slots)
            n_computed = _find(store, workers, all_rounds, known, progress)
            n_points, _ = store.counts()
    return StudyRun(folder=folder, n_points=n_points, n_computed=n_computed)


def header_in(folder: Path) -> Header | None:
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
        and (header.shapes is not None or header.partial is not None)
    )


def refuse_another_study(header: Header, settings: StudySettings, data: str, folder: Path) -> None:
    """Refuse a study of other settings or other data.

    Raises:
        DesignError: Names the first difference.
    """
    if difference := header.settings.first_difference(settings):
        raise DesignError(
            f"{folder} holds a study with other settings: {difference}; name another --out"
        )
    if header.accuracy.data != data:
        raise DesignError(
            f"data set '{settings.data}' has changed since the study in {folder} was made; "
            "name another --out"
        )


def _planned(grid: Grid, source: AccuracySource, clock_mhz: float) -> Plan:
    """Return header, points and costs of the study, keys and all."""
    context = cost_context(grid.template, grid.settings.device)
    keyed = (PlannedPoint.of(point, source.context, context) for point in grid.points())
    planned = tuple({item.digest: item for item in keyed}.values())
    table = cost_table(grid.template, [item.point for item in planned])
    (int8_cost,) = compared_costs(cost_table(grid.template, [grid.int8_point()]), grid.cost_column)
    header = header_of(grid, source, float(int8_cost), clock_mhz)
    return Plan(
        header=header, points=planned, costs=cost_rows(table, [item.cost_key for item in planned])
    )


def header_of(space: Space, source: AccuracySource, int8_cost: float, clock_mhz: float) -> Header:
    """Return the header of a study of `space`.

    Args:
        space: Settings, network and foldings.
        source: The trained network.
        int8_cost: What the int8 × int8 point costs at the study's foldings or at its own.
        clock_mhz: Nominal clock of the device.
    """
    before = source.float_accuracy
    return Header(
        settings=space.settings,
        accuracy=source.context,
        accuracy_version=ACCURACY_VERSION,
        cost=cost_context(space.template, space.settings.device),
        clock_mhz=clock_mhz,
        foldings=tuple((folding.pe, folding.simd) for folding in space.foldings),
        float_accuracy=FloatAccuracy(
            val_top1_pct=before.val_top1_pct,
            n_val=before.n_val,
            test_top1_pct=before.test_top1_pct,
            n_test=before.n_test,
            test_correct=before.test_correct.hex(),
        ),
        reference=ReferencePoint(
            error_pct=100.0 - before.val_top1_pct + _REFERENCE_ERROR_POINTS,
            log2_cost=math.log2(int8_cost),
        ),
        partial=_partial_of(space.template),
        shapes=space.template if isinstance(space.template, Accelerator) else None,
        versions=versions(),
    )


def _partial_of(template: Shapes) -> PartialCoverage | None:
    """Return what hardware covers of a network that leaves a part to a host."""
    if not isinstance(template, PartialAccelerator):
        return None
    host = tuple((node.name, node.function, node.macs) for node in template.host)
    return PartialCoverage(macs=template.macs, host=host)


@contextmanager
def opened(lock: WriterLock, header: Header) -> Iterator[Store]:
    """Open the locked folder's study, made or planned anew where `header` asks for it.

    Raises:
        DesignError: The folder holds a study of other settings, data or weights.
    """
    present = header_in(lock.folder)
    if present is None:
        with Store.create(lock, header) as store:
            yield store
        return
    refuse_another_study(present, header.settings, header.accuracy.data, lock.folder)
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


def workers_for(
    source: AccuracySource,
    factory: SourceFactory,
    folder: Path,
    executor: str | Executor,
    jobs: int,
    known: Known,
    progress: Progress,
) -> Workers:
    """Return the workers of a study, all of which have the network that is `source` here."""
    elsewhere = factory if executor == PROCESSES else factory.portable()
    return Workers(
        executor,
        jobs,
        source=source,
        factory=CheckedFactory.of(elsewhere, source.context),
        folder=folder,
        known=known,
        progress=progress,
    )


def _find(
    store: Store,
    workers: Workers,
    rounds: Iterator[Sequence[Task]],
    known: Known,
    progress: Progress,
) -> int:
    """Do the tasks and commit what becomes of each point; return how many nobody knew."""
    first = next(rounds, None)
    if first is None:
        return 0
    n_computed = 0
    progress(EVALUATION, *reversed(store.counts()))
    store.begin_run(versions())
    for tasks in chain([first], rounds):
        with closing(workers.results(tasks)) as outcomes:
            for accuracy_key, outcome in outcomes:
                store.add(accuracy_key, outcome)
                n_computed += accuracy_key not in known
                progress(EVALUATION, *reversed(store.counts()))
    store.end_run()
    return n_computed
