"""How far a study is, read from its folder while it runs or afterwards."""

from dataclasses import asdict, dataclass
from pathlib import Path

from dse.report.findings import find
from dse.search.effort import trials_in
from dse.search.lock import writer_of
from dse.search.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a study is.

    Attributes:
        wanted: Points there will be: those of the sweep, or the trials of the last search.
        known: Points of which it is known what became of them.
        ended: Points among these that ended early, sure to be dominated.
        failed: Points among these that came to nothing: a training diverged, or workers died.
        front: Points on the front so far.
        hypervolume: Of all evaluations so far, below the study's reference point.
        writer: Process that is writing to the folder; `None`: nobody is.
        per_minute: Points the last run came to know a minute, by a clock that runs evenly; `None`
            where that cannot be told.
        seconds_left: At that rate [s]; `None` where nobody works, or nothing more is planned.
    """

    wanted: int
    known: int
    ended: int
    failed: int
    front: int
    hypervolume: float
    writer: int | None
    per_minute: float | None
    seconds_left: float | None

    def to_json(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)


def status_of(folder: Path) -> Status:
    """Return how far the study in `folder` is.

    Raises:
        DataError: There is no study, or it is damaged.
    """
    with Store.open_readonly(folder) as store:
        planned, known = store.counts()
        run, ended = store.last_run(), store.ended()
        findings = find(store.header, store.evaluations(), planned, ended)
    writer = writer_of(folder)
    per_minute = None
    wanted = planned
    if run is not None:
        per_minute = 60.0 * run.n_known / run.seconds if run.seconds > 0 else None
        trials = trials_in(run.search) if run.finished is None else None
        wanted = max(planned, trials or 0)
    failed = sum(point.n_val == 0 for point in ended)
    left = wanted - known
    works = writer is not None and left > 0 and per_minute
    return Status(
        wanted=wanted,
        known=known,
        ended=len(ended) - failed,
        failed=failed,
        front=len(findings.front),
        hypervolume=findings.hypervolume,
        writer=writer,
        per_minute=per_minute,
        seconds_left=60.0 * left / per_minute if works and per_minute else None,
    )
