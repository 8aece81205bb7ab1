"""The study's database: what was planned, what each part gave, and what both give together.

One SQLite file, ``study.db``. Accuracies and costs are kept under their own keys, so that a part
computed once is used wherever its key appears; an evaluation is a planned point whose two parts
are there. Every result is committed as it arrives, with a rollback journal and ``synchronous =
FULL``: whatever happens to the process, what was committed stays. Writing takes the folder's
`WriterLock`; readers take no lock and may read while a study runs.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dse.errors import DataError
from dse.point import AccuracyContext, CostContext, DesignPoint, joint_digest
from dse.quant import AccuracyResult, EndedEarly, Outcome
from dse.search import row_sums
from dse.search.constraint import evaluation_violations
from dse.search.header import Header
from dse.search.lock import WriterLock

if TYPE_CHECKING:
    import pandas as pd

DB_NAME = "study.db"
SCHEMA_VERSION = 5
_SCHEMA_WITH_ENDED = 3
_SCHEMA_WITH_SEARCHES = 4
_SCHEMA_WITH_SUMS = 5
_APPLICATION_ID = 0x62667264  # "bfrd"

_ENDED = """
CREATE TABLE ended (
    accuracy_key TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    n_val INTEGER NOT NULL,
    val_bound_pct REAL NOT NULL,
    seconds REAL NOT NULL,
    run INTEGER NOT NULL REFERENCES runs
) STRICT;
"""
_SCHEMA = (
    """
CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL) STRICT;
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    versions TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT,
    seconds REAL NOT NULL DEFAULT 0,
    search TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE points (
    position INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    accuracy_key TEXT NOT NULL,
    cost_key TEXT NOT NULL,
    weight_format TEXT NOT NULL,
    act_format TEXT NOT NULL,
    weight_bits INTEGER NOT NULL,
    act_bits INTEGER NOT NULL,
    weight_family TEXT NOT NULL,
    act_family TEXT NOT NULL,
    recipe TEXT NOT NULL,
    signed INTEGER NOT NULL,
    point TEXT NOT NULL
) STRICT;
CREATE TABLE accuracy (
    accuracy_key TEXT PRIMARY KEY,
    val_top1_pct REAL NOT NULL,
    n_val INTEGER NOT NULL,
    test_top1_pct REAL NOT NULL,
    n_test INTEGER NOT NULL,
    test_correct BLOB NOT NULL,
    seconds REAL NOT NULL,
    run INTEGER NOT NULL REFERENCES runs,
    changed_weights_pct REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE cost (
    cost_key TEXT PRIMARY KEY,
    lut INTEGER,
    ff INTEGER,
    dsp INTEGER,
    bram18 INTEGER,
    weight_kib REAL NOT NULL,
    lut_per_mac REAL NOT NULL,
    ii_cycles INTEGER NOT NULL,
    cost_source TEXT NOT NULL
) STRICT;
"""
    + _ENDED
    + row_sums.ADD_COLUMNS
)

_EVALUATIONS = """
SELECT digest, weight_format, act_format, weight_bits, act_bits, weight_family, act_family, recipe,
       val_top1_pct, n_val, test_top1_pct, n_test, lut, ff, dsp, bram18, weight_kib, lut_per_mac,
       ii_cycles, cost_source, {changed_weights_pct}, accuracy_key, cost_key, signed, test_correct
FROM points JOIN accuracy USING (accuracy_key) JOIN cost USING (cost_key)
ORDER BY position
"""
TOTALS = ("lut", "ff", "dsp", "bram18")
"""Columns without numbers for a network that leaves a part to a host."""

_LAYERS = """
SELECT digest, json_extract(layer.value, '$.layer') AS layer,
       json_extract(layer.value, '$.weight') AS weight_format,
       json_extract(layer.value, '$.act') AS act_format,
       json_extract(point, '$.foldings[' || layer.key || '].pe') AS pe,
       json_extract(point, '$.foldings[' || layer.key || '].simd') AS simd
FROM points JOIN accuracy USING (accuracy_key), json_each(point, '$.scheme.layers') AS layer
ORDER BY position, layer.key
"""
_ENDED_POINTS = """
SELECT digest, weight_format, act_format, recipe, reason, n_val, val_bound_pct
FROM points JOIN ended USING (accuracy_key)
ORDER BY position
"""
_UPGRADES = {
    1: "ALTER TABLE accuracy ADD COLUMN changed_weights_pct REAL NOT NULL DEFAULT 0;",
    2: _ENDED,
    3: "ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN search TEXT NOT NULL DEFAULT '';",
    4: row_sums.ADD_COLUMNS,
}
"""Statements that bring a schema up to the next; before recipes had methods, no weight changed."""
_DONE = "(SELECT accuracy_key FROM accuracy UNION SELECT accuracy_key FROM ended)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPoint:
    """A design point of the study with the keys of its two parts and of both."""

    digest: str
    accuracy_key: str
    cost_key: str
    point: DesignPoint

    @classmethod
    def of(cls, point: DesignPoint, accuracy: AccuracyContext, cost: CostContext) -> Self:
        """Return a point with its keys in a study of these contexts."""
        accuracy_key, cost_key = point.accuracy_key(accuracy), point.cost_key(cost)
        digest = joint_digest(accuracy_key, cost_key)
        return cls(digest=digest, accuracy_key=accuracy_key, cost_key=cost_key, point=point)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPoint:
    """A point that has no accuracy.

    Attributes:
        digest: Name of the point.
        weight_format: Of all but the edge layers.
        act_format: Of all activations but the network's input.
        recipe: Name of the recipe.
        reason: Why it has none, in words.
        n_val: Validation images seen.
        val_bound_pct: What its accuracy on all validation images does not exceed [%].
    """

    digest: str
    weight_format: str
    act_format: str
    recipe: str
    reason: str
    n_val: int
    val_bound_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a command on the study.

    Attributes:
        number: From 1.
        started: When it began.
        finished: When it had computed all it wanted; `None`: it has not, or was killed.
        n_known: Accuracies of which it found out what becomes of them.
        seconds: How long it took for that, by a clock that nobody can put back; 0 in studies made
            before it was noted [s].
        search: Its `Effort`, if it was a search.
    """

    number: int
    started: datetime
    finished: datetime | None
    n_known: int
    seconds: float
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """What the cost model says of one point; the units are in the names.

    Attributes:
        cost_key: Key of the row.
        lut: As SEMANTICS defines it for the device; `None`, as the other totals, for a network
            that leaves a part to a host.
        ff: Flip-flops.
        dsp: DSP blocks.
        bram18: Block RAMs of 18 Kibit.
        weight_kib: Weight memory [KiB].
        lut_per_mac: LUTs of one multiply-accumulate lane, averaged over the network.
        ii_cycles: Clock cycles from one image to the next.
        cost_source: How the numbers were found.
    """

    cost_key: str
    lut: int | None
    ff: int | None
    dsp: int | None
    bram18: int | None
    weight_kib: float
    lut_per_mac: float
    ii_cycles: int
    cost_source: str


class Store:
    """An open study. Use it as a context manager, or `close` it."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        self._run = 0
        self._began = time.monotonic()

    @classmethod
    def create(cls, lock: WriterLock, header: Header) -> Self:
        """Make the study's database, whole or not at all, and open it for writing.

        Raises:
            DataError: The file cannot be written.
        """
        path = lock.folder / DB_NAME
        draft = lock.folder / f".{DB_NAME}.tmp"
        with _explained(path):
            draft.unlink(missing_ok=True)
            database = sqlite3.connect(draft)
            try:
                database.executescript(_SCHEMA)
                database.execute("INSERT INTO header VALUES (1, ?, NULL)", (header.to_json(),))
                database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                database.commit()
            finally:
                database.close()
            draft.replace(path)
        return cls.open(lock)

    @classmethod
    def open(cls, lock: WriterLock) -> Self:
        """Open the existing study of a locked folder for writing.

        Raises:
            DataError: There is no study, it is damaged, or a newer bitfront made it.
        """
        return cls._opened(lock.folder / DB_NAME, writable=True)

    @classmethod
    def open_readonly(cls, folder: Path) -> Self:
        """Open the study in `folder` for reading, also while it runs.

        Raises:
            DataError: There is no study, it is damaged, or a newer bitfront made it.
        """
        return cls._opened(folder / DB_NAME, writable=False)

    @classmethod
    def _opened(cls, path: Path, *, writable: bool) -> Self:
        if not path.exists():
            raise DataError(
                f"no study in {path.parent}: 'bitfront explore --out {path.parent}' makes one"
            )
        with _explained(path):
            # mode=rw for readers too: it lets SQLite undo a transaction that a kill cut short
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30)
            try:
                schema = _checked_schema(path, database)
                database.execute("PRAGMA synchronous = FULL")
                for version in range(schema, SCHEMA_VERSION if writable else schema):
                    database.executescript(
                        f"BEGIN; {_UPGRADES[version]} PRAGMA user_version = {version + 1}; COMMIT;"
                    )
                if writable:
                    row_sums.keep(database)
                elif schema < _SCHEMA_WITH_ENDED:
                    database.executescript(_ENDED.replace("CREATE", "CREATE TEMP"))
                database.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")
            except BaseException:
                database.close()
                raise
        return cls(path, database)

    def close(self) -> None:
        """Close the database; what was added is there already."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def header(self) -> Header:
        """The study's header."""
        with _explained(self.path):
            (text,) = self._database.execute("SELECT json FROM header").fetchone()
        return Header.from_json(text)

    def replace_header(self, header: Header) -> None:
        """Replace the header, for a study that is planned anew."""
        with _explained(self.path), self._database:
            self._database.execute("UPDATE header SET json = ?", (header.to_json(),))

    def begin_run(self, versions: Mapping[str, str], search: str = "") -> int:
        """Note that a run begins under `versions` of packages; return its number, from 1."""
        self._began = time.monotonic()
        with _explained(self.path), self._database:
            row = self._database.execute(
                "INSERT INTO runs (versions, started, search) VALUES (?, ?, ?)",
                (json.dumps(versions), _now(), search),
            )
        assert row.lastrowid is not None
        self._run = row.lastrowid
        return self._run

    def end_run(self) -> None:
        """Note that the run begun last has computed all it wanted."""
        with _explained(self.path), self._database:
            self._database.execute(
                "UPDATE runs SET finished = ? WHERE run = ?", (_now(), self._run)
            )

    def plan(self, points: Sequence[PlannedPoint], costs: Iterable[CostRow]) -> None:
        """Make `points` the study's points and add their costs, in one transaction.

        Accuracies and costs of points planned earlier stay under their keys.
        """
        with _explained(self.path), self._database:
            self._database.execute("DELETE FROM points")
            self._database.executemany(
                f"INSERT INTO points VALUES ({','.join('?' * 13)}, NULL)",
                (_point_row(position, planned) for position, planned in enumerate(points)),
            )
            self._database.executemany(
                f"INSERT OR IGNORE INTO cost VALUES ({','.join('?' * 9)}, NULL)",
                map(astuple, costs),
            )

    def append(self, point: PlannedPoint, cost: CostRow) -> None:
        """Plan one more point, with its cost; nothing happens if it is planned already."""
        with _explained(self.path), self._database:
            (count,) = self._database.execute("SELECT count(*) FROM points").fetchone()
            self._database.execute(
                f"INSERT OR IGNORE INTO points VALUES ({','.join('?' * 13)}, NULL)",
                _point_row(count, point),
            )
            self._database.execute(
                f"INSERT OR IGNORE INTO cost VALUES ({','.join('?' * 9)}, NULL)", astuple(cost)
            )

    def add(self, accuracy_key: str, outcome: Outcome) -> None:
        """Add what became of one accuracy and commit it.

        Raises:
            DataError: The file cannot be written, or the key is there already.
        """
        match outcome:
            case AccuracyResult():
                table, values = "accuracy", _accuracy_row(accuracy_key, outcome, self._run)
            case EndedEarly():
                table, values = "ended", (accuracy_key, *astuple(outcome), self._run)
        with _explained(self.path), self._database:
            self._database.execute(
                f"INSERT INTO {table} VALUES ({','.join('?' * len(values))}, NULL)",
                values,
            )
            self._database.execute(
                "UPDATE runs SET seconds = ? WHERE run = ?",
                (time.monotonic() - self._began, self._run),
            )

    def missing(self) -> list[PlannedPoint]:
        """Return, in order, one planned point for each accuracy key nothing is known of yet."""
        with _explained(self.path):
            rows = self._database.execute(
                "SELECT digest, accuracy_key, cost_key, point, min(position) FROM points "
                f"WHERE accuracy_key NOT IN {_DONE} "
                "GROUP BY accuracy_key ORDER BY min(position)"
            ).fetchall()
        return [_planned(*row[:-1]) for row in rows]

    def planned(self) -> list[PlannedPoint]:
        """Return the planned points, in order."""
        with _explained(self.path):
            rows = self._database.execute(
                "SELECT digest, accuracy_key, cost_key, point FROM points ORDER BY position"
            ).fetchall()
        return [_planned(*row) for row in rows]

    def validation(self) -> dict[str, float | None]:
        """Return validation accuracies [%] by accuracy key; `None` for points that have none."""
        with _explained(self.path):
            return dict(
                self._database.execute(
                    "SELECT accuracy_key, val_top1_pct FROM accuracy "
                    "UNION ALL SELECT accuracy_key, NULL FROM ended"
                ).fetchall()
            )

    def accuracies(self) -> dict[str, AccuracyResult]:
        """Return what was found on all images, by accuracy key."""
        with _explained(self.path):
            (schema,) = self._database.execute("PRAGMA user_version").fetchone()
            changed = "changed_weights_pct" if schema > 1 else "0.0"
            rows = self._database.execute(
                "SELECT accuracy_key, val_top1_pct, n_val, test_top1_pct, n_test, test_correct, "
                f"{changed}, seconds FROM accuracy"
            ).fetchall()
        return {
            key: AccuracyResult(
                val_top1_pct=val_top1_pct,
                n_val=n_val,
                test_top1_pct=test_top1_pct,
                n_test=n_test,
                test_correct=test_correct,
                changed_weights_pct=changed_weights_pct,
                seconds=seconds,
            )
            for (
                key, val_top1_pct, n_val, test_top1_pct, n_test, test_correct,
                changed_weights_pct, seconds,
            ) in rows
        }  # fmt: skip

    def counts(self) -> tuple[int, int]:
        """Return how many points are planned, and of how many it is known what became of them."""
        with _explained(self.path):
            row = self._database.execute(
                f"SELECT count(*), coalesce(sum(accuracy_key IN {_DONE}), 0) FROM points"
            ).fetchone()
        return row[0], row[1]

    def has_trainings(self) -> bool:
        """Return whether points are planned that are trained."""
        with _explained(self.path):
            (count,) = self._database.execute(
                "SELECT count(*) FROM points WHERE json_extract(point, '$.training') IS NOT NULL"
            ).fetchone()
        return bool(count)

    def computed_by_run(self) -> dict[int, int]:
        """Return of how many accuracies each run found out what becomes of them, by its number."""
        done = "SELECT accuracy_key, run FROM accuracy UNION SELECT accuracy_key, run FROM ended"
        with _explained(self.path):
            return dict(
                self._database.execute(
                    "SELECT runs.run, count(accuracy_key) FROM runs "
                    f"LEFT JOIN ({done}) USING (run) GROUP BY runs.run"
                ).fetchall()
            )

    def last_run(self) -> Run | None:
        """Return the run begun last; `None` where none has begun."""
        with _explained(self.path):
            (schema,) = self._database.execute("PRAGMA user_version").fetchone()
            added = "seconds, search" if schema >= _SCHEMA_WITH_SEARCHES else "0.0, ''"
            row = self._database.execute(
                f"SELECT run, started, finished, {added} FROM runs ORDER BY run DESC LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        number, started, finished, seconds, search = row
        return Run(
            number=number,
            started=datetime.fromisoformat(started),
            finished=datetime.fromisoformat(finished) if finished else None,
            n_known=self.computed_by_run()[number],
            seconds=seconds,
            search=search,
        )

    def point(self, digest: str) -> DesignPoint:
        """Return the design point called `digest` in full.

        Raises:
            DataError: The study has no such point.
        """
        with _explained(self.path):
            row = self._database.execute(
                "SELECT point FROM points WHERE digest = ?", (digest,)
            ).fetchone()
        if row is None:
            raise DataError(f"no point {digest} in {self.path}")
        return DesignPoint.from_json(row[0])

    def evaluations(self) -> "pd.DataFrame":
        """Return the evaluated points, one a row, in the order they were planned.

        ``fps`` is reached at the study's nominal clock. Where the study has constraints,
        ``violation`` is by which share of its bounds a point breaks them, 0 if it keeps them.
        ``test_correct`` holds, as bytes, `numpy.packbits` of whether each test image was right.
        """
        import pandas as pd

        with _explained(self.path):
            (schema,) = self._database.execute("PRAGMA user_version").fetchone()
            column = "changed_weights_pct" if schema > 1 else "0.0 AS changed_weights_pct"
            query = _EVALUATIONS.format(changed_weights_pct=column)
            frame = pd.read_sql_query(query, self._database)
        missing = [name for name in TOTALS if frame[name].isna().any()]
        frame = frame.astype({"signed": bool, **dict.fromkeys(missing, float)})
        header = self.header
        frame["fps"] = header.clock_mhz * 1e6 / frame["ii_cycles"]
        if header.settings.constraints:
            frame["violation"] = evaluation_violations(header, frame)
        return frame

    def layers(self) -> "pd.DataFrame":
        """Return formats and folding of the evaluated points' layers, one layer of a point a row.

        Points are in the order they were planned, layers in the order of execution;
        ``act_format`` is that of a layer's input. `point` tells the rest of one point.
        """
        import pandas as pd

        with _explained(self.path):
            return pd.read_sql_query(_LAYERS, self._database)

    def ended(self) -> tuple[EndedPoint, ...]:
        """Return the points that have no accuracy, in the order planned."""
        with _explained(self.path):
            rows = self._database.execute(_ENDED_POINTS).fetchall()
        names = [field.name for field in fields(EndedPoint)]
        return tuple(EndedPoint(**dict(zip(names, row, strict=True))) for row in rows)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _planned(digest: str, accuracy_key: str, cost_key: str, point: str) -> PlannedPoint:
    return PlannedPoint(
        digest=digest,
        accuracy_key=accuracy_key,
        cost_key=cost_key,
        point=DesignPoint.from_json(point),
    )


def _accuracy_row(accuracy_key: str, result: AccuracyResult, run: int) -> tuple[object, ...]:
    return (
        accuracy_key,
        result.val_top1_pct,
        result.n_val,
        result.test_top1_pct,
        result.n_test,
        result.test_correct,
        result.seconds,
        run,
        result.changed_weights_pct,
    )


def _point_row(position: int, planned: PlannedPoint) -> tuple[object, ...]:
    scheme = planned.point.scheme
    weights, acts = scheme.inner_weights, scheme.inner_acts
    return (
        position,
        planned.digest,
        planned.accuracy_key,
        planned.cost_key,
        scheme.weight_format,
        scheme.act_format,
        max(weight.bits for weight in weights),
        max(act.bits for act in acts),
        _family({weight.family for weight in weights}),
        _family({act.family for act in acts}),
        planned.point.quantization.recipe_name,
        scheme.signed,
        planned.point.to_json(),
    )


def _family(families: set[str]) -> str:
    return next(iter(families)) if len(families) == 1 else "mixed"


def _checked_schema(path: Path, database: sqlite3.Connection) -> int:
    """Return the schema's version; refuse a file that is no whole study of one we know."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION_ID:
        raise DataError(f"{path} is damaged or not a bitfront study; name another folder")
    if schema > SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema {schema}, this bitfront reads {SCHEMA_VERSION}: "
            "a newer bitfront made it; upgrade bitfront"
        )
    (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict == "ok" and schema >= _SCHEMA_WITH_SUMS:
        verdict = row_sums.first_damaged(database) or verdict
    if verdict != "ok":
        raise DataError(f"{path} is damaged ({verdict}); restore it or name another folder")
    return int(schema)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into one clear line."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite's messages quote what it read
        if _is_the_place(error):
            raise DataError(
                f"cannot read or write {path}: {error}; what it holds is kept: put that right and "
                "run the command again"
            ) from error
        raise DataError(
            f"{path} is damaged ({error}); restore it or name another folder"
        ) from error
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


def _is_the_place(error: Exception) -> bool:
    """Return whether disk, permissions or locks are to blame, not what the file holds."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR
