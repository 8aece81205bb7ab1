"""Samplers on spaces that were evaluated in full: each error is looked up, nothing is computed."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from math import log2
from multiprocessing import get_context

import numpy as np

from dse.errors import DesignError
from dse.formats import Format
from dse.pareto import hypervolume
from dse.point import DesignPoint
from dse.progress import Progress, silent
from dse.search.samplers import SAMPLERS, Candidate, Choice, Earlier, Problem
from dse.search.samplers.base import Floats, Ints
from dse.search.sqnr import KnowsSqnr, noise_of
from dse.search.store import Store

LEARNS = "quantune"
"""The sampler that also learns from other networks."""
_REPEATS_AT_MOST = 1000
"""Known candidates asked for in a row before a sampler counts as stuck."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table over candidates; called with `(n, choices)` it returns `(n,)`."""

    table: Floats

    def __call__(self, candidates: Ints) -> Floats:
        """Return the entries of `candidates`."""
        entries: Floats = self.table[tuple(candidates.T)]
        return entries


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedSpace:
    """A space with every error known.

    Attributes:
        name: Network and number of candidates.
        problem: What samplers are given.
        error_pct: Validation errors [%] by candidate, one axis a choice.
    """

    name: str
    problem: Problem
    error_pct: Floats

    @property
    def hypervolume(self) -> float:
        """Hypervolume of the whole space."""
        candidates = self.problem.candidates()
        return self.hypervolume_of([tuple(int(i) for i in row) for row in candidates])

    def hypervolume_of(self, candidates: Sequence[Candidate]) -> float:
        """Return the hypervolume of some candidates: validation error and log2 of the cost."""
        rows = np.array(candidates)
        points = np.column_stack([self.error_pct[tuple(rows.T)], self.problem.log2_cost(rows)])
        corner = (self.problem.reference_error_pct, self.problem.reference_log2_cost)
        return hypervolume(points, corner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How far one run of a sampler came.

    Attributes:
        sampler: Its name.
        seed: Its seed.
        hypervolume_pct: Share of the space's hypervolume after each evaluation [%].
    """

    sampler: str
    seed: int
    hypervolume_pct: tuple[float, ...]

    def evaluations_to(self, target_pct: float) -> float:
        """Return the evaluations needed to reach a share [%]; inf if it was not reached."""
        for count, reached in enumerate(self.hypervolume_pct, 1):
            if reached >= target_pct:
                return count
        return float("inf")


def evaluated_space(store: Store, sqnr: KnowsSqnr) -> EvaluatedSpace:
    """Return the space of a finished study.

    Formats that always change together, such as all weights of a uniform sweep, are one choice.

    Raises:
        DesignError: The study lacks points of its space, has but one, or none that counts.
    """
    frame = store.evaluations()
    points = [store.point(digest) for digest in frame["digest"]]
    columns = _columns(points)
    choices, codes = _choices(columns, sqnr)
    sizes = [len(choice.values) for choice in choices]
    planned, _ = store.counts()
    if len(points) < planned or len(np.unique(codes, axis=0)) != np.prod(sizes, dtype=int):
        raise DesignError(
            f"{store.path.parent} is no space evaluated in full: {len(points)} points of "
            f"{' x '.join(map(str, sizes))} choices; samplers are judged on finished grids"
        )
    header = store.header
    table = np.zeros((2, *sizes))
    table[0][tuple(codes.T)] = 100.0 - frame["val_top1_pct"]
    table[1][tuple(codes.T)] = np.log2(frame[header.cost_column])
    problem = Problem(
        choices=choices,
        log2_cost=Lookup(table[1]),
        float_error_pct=100.0 - header.float_accuracy.val_top1_pct,
        n_val=header.float_accuracy.n_val,
        reference_error_pct=header.reference.error_pct,
        reference_log2_cost=header.reference.log2_cost,
        network=(float(len(columns) // 2), log2(frame["weight_kib"].max()), float(table[1].max())),
    )
    space = EvaluatedSpace(
        name=f"{header.settings.model}, {len(points)} points", problem=problem, error_pct=table[0]
    )
    if not space.hypervolume > 0:
        raise DesignError(
            f"no point of {store.path.parent} is below the reference point, so there is no "
            "hypervolume to reach"
        )
    return space


def with_earlier(space: EvaluatedSpace, others: Sequence[EvaluatedSpace]) -> EvaluatedSpace | None:
    """Return `space` with what other networks taught of the same choices; `None` if none did."""
    names = _names(space.problem)
    earlier = tuple(
        Earlier(
            candidates=other.problem.candidates(),
            drop_points=other.error_pct.ravel() - other.problem.float_error_pct,
            network=other.problem.network,
        )
        for other in others
        if other is not space and _names(other.problem) == names
    )
    return replace(space, problem=replace(space.problem, earlier=earlier)) if earlier else None


def replay(
    space: EvaluatedSpace, sampler: str, seed: int, *, limit: int, target_pct: float
) -> Trace:
    """Run a sampler until it has reached the target, has nothing left to ask, or is at its limit.

    Only candidates that were not asked before count as evaluations.

    Args:
        space: Where to search.
        sampler: Name of the sampler.
        seed: Its seed.
        limit: Evaluations at most.
        target_pct: Share of the space's hypervolume [%] at which the run ends.
    """
    search = SAMPLERS[sampler].start(space.problem, seed)
    whole = space.hypervolume
    seen: dict[Candidate, float] = {}
    reached: list[float] = []
    repeats = 0
    while len(seen) < limit and repeats < _REPEATS_AT_MOST:
        candidate = search.ask()
        if candidate is None:
            break
        repeats = repeats + 1 if candidate in seen else 0
        if not repeats:
            seen[candidate] = float(space.error_pct[candidate])
            reached.append(100.0 * space.hypervolume_of(list(seen)) / whole)
        search.tell(candidate, seen[candidate])
        if reached[-1] >= target_pct:
            break
    return Trace(sampler=sampler, seed=seed, hypervolume_pct=tuple(reached))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    space: EvaluatedSpace
    sampler: str
    label: str
    seed: int
    limit: int
    target_pct: float

    def trace(self) -> Trace:
        found = replay(
            self.space, self.sampler, self.seed, limit=self.limit, target_pct=self.target_pct
        )
        return replace(found, sampler=self.label)


def replay_all(
    spaces: Sequence[EvaluatedSpace],
    samplers: Sequence[str],
    seeds: Sequence[int],
    *,
    limit: int,
    target_pct: float,
    jobs: int = 1,
    progress: Progress = silent,
) -> dict[str, list[Trace]]:
    """Run every sampler with every seed on every space; return the traces by name of the space.

    `LEARNS` runs once more, called ``NAME + earlier``, where other spaces have the same choices.

    Args:
        spaces: Evaluated spaces.
        samplers: Names of samplers.
        seeds: Seeds.
        limit: Evaluations of a run at most.
        target_pct: Share of the hypervolume at which a run ends [%].
        jobs: Processes; no result depends on it.
        progress: Told of finished runs.
    """
    runs = [
        _Run(
            space=given, sampler=sampler, label=label, seed=seed, limit=limit, target_pct=target_pct
        )
        for space in spaces
        for sampler in samplers
        for given, label in _given(space, sampler, spaces)
        for seed in seeds
    ]
    traces: dict[str, list[Trace]] = {space.name: [] for space in spaces}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done, (run, trace) in enumerate(
            zip(runs, pool.map(_Run.trace, runs), strict=True), start=1
        ):
            traces[run.space.name].append(trace)
            progress("runs of samplers", done, len(runs))
    return traces


def _given(
    space: EvaluatedSpace, sampler: str, spaces: Sequence[EvaluatedSpace]
) -> list[tuple[EvaluatedSpace, str]]:
    learned = with_earlier(space, spaces) if sampler == LEARNS else None
    return [(space, sampler), *([(learned, f"{sampler} + earlier")] if learned else [])]


def _names(problem: Problem) -> list[tuple[str, tuple[str, ...]]]:
    return [(choice.name, choice.values) for choice in problem.choices]


@dataclass(frozen=True, slots=True)
class _Column:
    """One operand of one layer, or the recipe, in every point."""

    name: str
    layer: str
    values: tuple[Format | str, ...]


def _columns(points: Sequence[DesignPoint]) -> list[_Column]:
    layers = [layer.layer for layer in points[0].scheme.layers]
    schemes = [point.scheme.layers for point in points]
    weights = [
        _Column("weights", name, tuple(scheme[index].weight for scheme in schemes))
        for index, name in enumerate(layers)
    ]
    acts = [
        _Column("acts", name, tuple(scheme[index].act for scheme in schemes))
        for index, name in enumerate(layers)
    ]
    recipes = tuple(point.quantization.recipe.name for point in points)
    return [*weights, *acts, _Column("recipe", "", recipes)]


def _choices(columns: Sequence[_Column], sqnr: KnowsSqnr) -> tuple[tuple[Choice, ...], Ints]:
    """Return the choices behind the columns, and every point's positions, `(n, choices)`."""
    groups: dict[tuple[int, ...], list[_Column]] = {}
    for column in columns:
        positions = {value: index for index, value in enumerate(dict.fromkeys(column.values))}
        if len(positions) > 1:
            codes = tuple(positions[value] for value in column.values)
            groups.setdefault(codes, []).append(column)
    if not groups:
        raise DesignError("a space of one point leaves samplers nothing to choose")
    choices = tuple(_choice(group, sqnr) for group in groups.values())
    return choices, np.array(list(groups), dtype=np.int64).T


def _choice(group: Sequence[_Column], sqnr: KnowsSqnr) -> Choice:
    first = group[0]
    kinds = list(dict.fromkeys(column.name for column in group))
    where = f"{first.layer} " if len(group) == 1 and first.layer else ""
    rows = [dict.fromkeys(column.values) for column in group]
    formats = [[value for value in row if isinstance(value, Format)] for row in rows]
    operands = [
        (column.layer, column.name, row) for column, row in zip(group, formats, strict=True)
    ]
    return Choice(
        name=where + " and ".join(kinds),
        values=tuple(value.name if isinstance(value, Format) else value for value in rows[0]),
        noise=noise_of(sqnr, operands) if first.layer else None,
    )
