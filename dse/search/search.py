"""A search: points that a sampler asks for, evaluated one after the other, in a folder."""

from dataclasses import dataclass
from pathlib import Path

from dse.errors import DesignError
from dse.progress import Progress, silent
from dse.quant import AccuracyResult
from dse.search.checked import versions
from dse.search.costs import compared_costs, cost_rows, cost_table
from dse.search.evaluate import AccuracySource, SourceFactory, sensitivity_of
from dse.search.header import Header
from dse.search.layer_space import LayerSpace
from dse.search.lock import writer_lock
from dse.search.samplers import SAMPLERS, Candidate
from dse.search.settings import StudySettings
from dse.search.store import PlannedPoint, Store
from dse.search.study import Study, header_in, header_of, opened, refuse_another_study
from hw_models.devices import DEVICES

SEARCH = "search"
_REPEATS_AT_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How a space is searched; other efforts may go on in the same folder.

    Attributes:
        sampler: Name of the sampler.
        trials: Evaluations in the folder when the search ends.
        seed: Decides all that is random in the sampler.
    """

    sampler: str
    trials: int
    seed: int

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise DesignError(f"--trials is {self.trials}; give at least 1 evaluation")


def search(
    settings: StudySettings,
    folder: Path,
    accuracy: SourceFactory,
    effort: Effort,
    *,
    progress: Progress = silent,
) -> Study:
    """Evaluate what a sampler asks for until the folder holds enough evaluations.

    A sampler that goes on is first told what the folder holds. What was planned when a search was
    killed is evaluated first.

    Args:
        settings: What defines the space, decisions included.
        folder: Where the study is kept; made if missing.
        accuracy: Makes the trained network of `settings`.
        effort: Sampler, evaluations, seed.
        progress: Told about training, calibration and evaluations.

    Raises:
        UserError: Something asked for is unknown, contradictory, missing or damaged, or `folder`
            holds a study of something else; that study is unchanged.
    """
    kind = SAMPLERS[effort.sampler]
    clock_mhz = DEVICES[settings.device].clock_mhz
    present = header_in(folder)
    accuracy.check_formats(dict.fromkeys((*settings.weights, *settings.acts)))
    accuracy.check_recipes(settings.recipes)
    template = accuracy.template()
    space = LayerSpace.of(settings, template, clock_mhz)
    space.log2_lut(space.every_format())  # one without hardware ends here
    if present:
        refuse_another_study(present, settings, accuracy.data_fingerprint(), folder)
    with writer_lock(folder) as lock:
        source = accuracy(progress)
        space = space.with_unsigned(source.never_negative)
        (int8_cost,) = compared_costs(cost_table(template, [space.int8_point()]))
        header = header_of(space, source, float(int8_cost), clock_mhz)
        with opened(lock, header) as store:
            problem = space.problem(header, sensitivity_of(source, settings))
            walk = _Walk(space=space, header=header, source=source, store=store)
            n_before = store.counts()[1]
            store.begin_run(versions())
            walk.finish()
            sampler = kind.start(problem, effort.seed)
            errors, repeats = walk.known(), 0
            for known, error_pct in errors.items():
                sampler.tell(known, error_pct)
            progress(SEARCH, len(errors), effort.trials)
            while len(errors) < effort.trials and repeats < _REPEATS_AT_MOST:
                candidate = sampler.ask()
                if candidate is None:
                    break
                repeats = repeats + 1 if candidate in errors else 0
                if not repeats:
                    errors[candidate] = walk.evaluate(candidate)
                    progress(SEARCH, len(errors), effort.trials)
                sampler.tell(candidate, errors[candidate])
            store.end_run()
            n_points = store.counts()[1]
    return Study(folder=folder, n_points=n_points, n_computed=n_points - n_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """Candidates on their way into the store."""

    space: LayerSpace
    header: Header
    source: AccuracySource
    store: Store

    def finish(self) -> None:
        """Evaluate what is planned and has no accuracy."""
        for planned in self.store.missing():
            self._evaluate(planned)

    def known(self) -> dict[Candidate, float]:
        """Return the validation errors [%] of the candidates in the store, in their order."""
        frame = self.store.evaluations()
        return {
            self.space.candidate(self.store.point(digest)): 100.0 - top1
            for digest, top1 in zip(frame["digest"], frame["val_top1_pct"].tolist(), strict=True)
        }

    def evaluate(self, candidate: Candidate) -> float:
        """Plan and evaluate a candidate; return its validation error [%]."""
        point = self.space.point(candidate)
        planned = PlannedPoint.of(point, self.header.accuracy, self.header.cost)
        table = cost_table(self.space.template, [point])
        (cost,) = cost_rows(table, [planned.cost_key])
        self.store.append(planned, cost)
        return self._evaluate(planned)

    def _evaluate(self, planned: PlannedPoint) -> float:
        (outcome,) = self.source.evaluate([planned.point.quantization], [0.0])
        self.store.add(planned.accuracy_key, outcome)
        assert isinstance(outcome, AccuracyResult), "nothing is trained or stopped here"
        return 100.0 - outcome.val_top1_pct
