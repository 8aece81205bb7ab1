"""A search: points that a sampler asks for, evaluated, in a folder."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from pathlib import Path
from types import MappingProxyType

from dse.progress import Progress, silent
from dse.search.checked import versions
from dse.search.costs import compared_costs, cost_table
from dse.search.dispatch import Feed
from dse.search.effort import Effort
from dse.search.evaluate import SourceFactory, sensitivity_of
from dse.search.executor import PROCESSES, Workers, check_executor
from dse.search.known import Known
from dse.search.layer_space import LayerSpace
from dse.search.lock import writer_lock
from dse.search.samplers import SAMPLERS
from dse.search.settings import StudySettings
from dse.search.study import (
    StudyRun,
    header_in,
    header_of,
    opened,
    refuse_another_study,
    workers_for,
)
from dse.search.walk import Walk
from hw_models.devices import DEVICES

SEARCH = "search"


def search(
    settings: StudySettings,
    folder: Path,
    accuracy: SourceFactory,
    effort: Effort,
    *,
    jobs: int = 1,
    executor: str | Executor = PROCESSES,
    known: Known = MappingProxyType({}),
    progress: Progress = silent,
) -> StudyRun:
    """Evaluate what a sampler asks for until the folder holds enough evaluations.

    A search that goes on as it was begun asks what it would have asked without interruption. After
    another effort, a sampler is first told what the folder holds. What was planned when a search
    was killed is evaluated first.

    Args:
        settings: What defines the space, decisions included.
        folder: Where the study is kept; made if missing.
        accuracy: Makes the trained network of `settings`.
        effort: Sampler, evaluations, seed.
        jobs: Number of processes that find accuracies; no result depends on it.
        executor: ``processes``, ``dask``, ``dask:ADDRESS``, or an executor that is given `jobs`
            tasks at a time.
        known: Accuracies other studies found; see `known_accuracies`.
        progress: Told about training, calibration and evaluations.

    Raises:
        UserError: Something asked for is unknown, contradictory, missing or damaged, or `folder`
            holds a study of something else; that study is unchanged.
    """
    check_executor(executor, jobs)
    clock_mhz = DEVICES[settings.device].clock_mhz
    present = header_in(folder)
    accuracy.check_formats(dict.fromkeys((*settings.weights, *settings.acts)))
    accuracy.check_recipes(settings.recipes)
    template = accuracy.template()
    space = LayerSpace.of(settings, template, clock_mhz)
    space.log2_cost(space.every_format())  # one without hardware ends here
    if present:
        refuse_another_study(present, settings, accuracy.data_fingerprint(), folder)
    with writer_lock(folder) as lock:
        source = accuracy(progress)
        space = space.with_unsigned(source.never_negative)
        (int8_cost,) = compared_costs(cost_table(template, [space.int8_point()]), space.cost_column)
        header = header_of(space, source, float(int8_cost), clock_mhz)
        with opened(lock, header) as store:
            n_computed = 0
            walk = Walk.of(space, header, store)
            begun = walk.begun(effort)
            if len(walk.points) < effort.trials or len(walk.errors) < len(walk.points):
                store.begin_run(versions(), effort.to_json(begun))
                problem = space.problem(header, sensitivity_of(source, settings))
                sampler = SAMPLERS[effort.sampler].start(problem, effort.seed)
                with workers_for(
                    source, accuracy, folder, executor, jobs, known, progress
                ) as workers:
                    for feed in (walk.unfinished(), walk.asked(sampler, effort, begun)):
                        told = partial(progress, SEARCH)
                        new = _evaluate(walk, workers, feed, told, effort.trials)
                        n_computed += sum(key not in known for key in new)
                store.end_run()
            n_points = store.counts()[1]
    return StudyRun(folder=folder, n_points=n_points, n_computed=n_computed)


def _evaluate(
    walk: Walk, workers: Workers, feed: Feed, progress: Callable[[int, int], None], trials: int
) -> list[str]:
    """Evaluate what comes, commit each result as it is found, and return their keys."""
    keys = []
    progress(len(walk.errors), trials)
    with closing(workers.results(feed)) as results:
        for accuracy_key, outcome in results:
            walk.learn(accuracy_key, outcome)
            keys.append(accuracy_key)
            progress(len(walk.errors), trials)
    return keys
