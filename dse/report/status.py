"""How far a study is, read from its folder while it runs or afterwards."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from dse.report.findings import find
from dse.search.lock import writer_of
from dse.search.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a study is.

    Attributes:
        planned: Points planned so far; a search plans one at a time.
        known: Points of which it is known what became of them.
        ended: Points among these that have no accuracy.
        front: Points on the front so far.
        hypervolume: Of all evaluations so far, below the study's reference point.
        writer: Process that is writing to the folder; `None`: nobody is.
        per_minute: Points the last run came to know a minute; `None` where that cannot be told.
        seconds_left: At that rate [s]; `None` where nobody works, or nothing more is planned.
    """

    planned: int
    known: int
    ended: int
    front: int
    hypervolume: float
    writer: int | None
    per_minute: float | None
    seconds_left: float | None

    def to_json(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)


def status_of(folder: Path, now: datetime | None = None) -> Status:
    """Return how far the study in `folder` is.

    Args:
        folder: Folder of the study.
        now: When it is asked; `None`: now.

    Raises:
        DataError: There is no study, or it is damaged.
    """
    with Store.open_readonly(folder) as store:
        planned, known = store.counts()
        run, ended = store.last_run(), store.ended()
        findings = find(store.header, store.evaluations(), planned, ended)
    writer = writer_of(folder)
    per_minute = None
    if run is not None:
        last = run.finished or now or datetime.now(UTC)
        seconds = (last - run.started).total_seconds()
        # a clock that was put back meanwhile tells nothing
        per_minute = 60.0 * run.n_known / seconds if seconds > 0 else None
    left = planned - known
    works = writer is not None and left > 0 and per_minute
    return Status(
        planned=planned,
        known=known,
        ended=len(ended),
        front=len(findings.front),
        hypervolume=findings.hypervolume,
        writer=writer,
        per_minute=per_minute,
        seconds_left=60.0 * left / per_minute if works and per_minute else None,
    )
