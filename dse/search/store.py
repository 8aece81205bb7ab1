"""The study's database: what was planned, what each part gave, and what both give together.

One SQLite file, ``study.db``. Accuracies and costs are kept under their own keys, so that a part
computed once is used wherever its key appears; an evaluation is a planned point whose two parts
are there. Every result is committed as it arrives. Writing takes the folder's `WriterLock`; readers
take no lock and may read while a study runs.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dse.errors import DataError
from dse.point import DesignPoint, one_name
from dse.quant import AccuracyResult, EndedEarly, Outcome
from dse.search import row_sums, schema
from dse.search.constraint import evaluation_violations
from dse.search.header import Header
from dse.search.lock import WriterLock
from dse.search.rows import TOTALS, CostRow, EndedPoint, PlannedPoint, Run
from dse.search.schema import DB_NAME, SCHEMA_WITH_SEARCHES, explained, version_of

if TYPE_CHECKING:
    import pandas as pd

_EVALUATIONS = """
SELECT digest, weight_format, act_format, weight_bits, act_bits, weight_family, act_family, recipe,
       val_top1_pct, n_val, test_top1_pct, n_test, lut, ff, dsp, bram18, weight_kib, lut_per_mac,
       ii_cycles, cost_source, {changed_weights_pct}, accuracy_key, cost_key, signed, test_correct
FROM points JOIN accuracy USING (accuracy_key) JOIN cost USING (cost_key)
ORDER BY position
"""
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
_DONE = "(SELECT accuracy_key FROM accuracy UNION SELECT accuracy_key FROM ended)"


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
        schema.create(lock.folder / DB_NAME, header.to_json())
        return cls.open(lock)

    @classmethod
    def open(cls, lock: WriterLock) -> Self:
        """Open the existing study of a locked folder for writing.

        Raises:
            DataError: There is no study, it is damaged, or a newer bitfront made it.
        """
        return cls._connected(lock.folder / DB_NAME, writable=True)

    @classmethod
    def open_readonly(cls, folder: Path) -> Self:
        """Open the study in `folder` for reading, also while it runs.

        Raises:
            DataError: There is no study, it is damaged, or a newer bitfront made it.
        """
        return cls._connected(folder / DB_NAME, writable=False)

    @classmethod
    def _connected(cls, path: Path, *, writable: bool) -> Self:
        return cls(path, schema.connect(path, writable=writable))

    def close(self) -> None:
        """Close the database; what was added is there already."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit all that is done in between, rows with their sums, or nothing."""
        with explained(self.path), self._database:
            yield
            row_sums.seal(self._database)

    @property
    def header(self) -> Header:
        """The study's header."""
        with explained(self.path):
            (text,) = self._database.execute("SELECT json FROM header").fetchone()
        return Header.from_json(text)

    def replace_header(self, header: Header) -> None:
        """Replace the header, for a study that is planned anew."""
        with self._transaction():
            self._database.execute("UPDATE header SET json = ?, crc = NULL", (header.to_json(),))

    def begin_run(self, versions: Mapping[str, str], search: str = "") -> int:
        """Note that a run begins under `versions` of packages; return its number, from 1."""
        self._began = time.monotonic()
        with self._transaction():
            row = self._database.execute(
                "INSERT INTO runs (versions, started, search) VALUES (?, ?, ?)",
                (json.dumps(versions), _now(), search),
            )
        assert row.lastrowid is not None
        self._run = row.lastrowid
        return self._run

    def end_run(self) -> None:
        """Note that the run begun last has computed all it wanted."""
        with self._transaction():
            self._database.execute(
                "UPDATE runs SET finished = ?, crc = NULL WHERE run = ?", (_now(), self._run)
            )

    def plan(self, points: Sequence[PlannedPoint], costs: Iterable[CostRow]) -> None:
        """Make `points` the study's points and add their costs, in one transaction.

        Accuracies and costs of points planned earlier stay under their keys.
        """
        with self._transaction():
            self._database.execute("DELETE FROM points")
            self._database.executemany(
                f"INSERT INTO points VALUES ({','.join('?' * 13)}, NULL)",
                (self._point_row(position, planned) for position, planned in enumerate(points)),
            )
            self._database.executemany(
                f"INSERT OR IGNORE INTO cost VALUES ({','.join('?' * 9)}, NULL)",
                map(astuple, costs),
            )

    def _point_row(self, position: int, planned: PlannedPoint) -> tuple[object, ...]:
        scheme = planned.point.scheme
        weights, acts = scheme.inner_weights, scheme.inner_acts
        if self._chooses_by_layer:
            weights = scheme.weights
        return (
            position,
            planned.digest,
            planned.accuracy_key,
            planned.cost_key,
            one_name(weights),
            scheme.act_format,
            max(weight.bits for weight in weights),
            max(act.bits for act in acts),
            _family({weight.family for weight in weights}),
            _family({act.family for act in acts}),
            planned.point.quantization.recipe_name,
            scheme.signed,
            planned.point.to_json(),
        )

    @cached_property
    def _chooses_by_layer(self) -> bool:
        """Whether edge layers have formats of their own, and not the sweep's edge format."""
        return bool(self.header.settings.decisions)

    def append(self, point: PlannedPoint, cost: CostRow) -> None:
        """Plan one more point, with its cost; nothing happens if it is planned already."""
        with self._transaction():
            (count,) = self._database.execute("SELECT count(*) FROM points").fetchone()
            self._database.execute(
                f"INSERT OR IGNORE INTO points VALUES ({','.join('?' * 13)}, NULL)",
                self._point_row(count, point),
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
        with self._transaction():
            self._database.execute(
                f"INSERT INTO {table} VALUES ({','.join('?' * len(values))}, NULL)",
                values,
            )
            self._database.execute(
                "UPDATE runs SET seconds = ?, crc = NULL WHERE run = ?",
                (time.monotonic() - self._began, self._run),
            )

    def missing(self) -> list[PlannedPoint]:
        """Return, in order, one planned point for each accuracy key nothing is known of yet."""
        with explained(self.path):
            rows = self._database.execute(
                "SELECT digest, accuracy_key, cost_key, point, min(position) FROM points "
                f"WHERE accuracy_key NOT IN {_DONE} "
                "GROUP BY accuracy_key ORDER BY min(position)"
            ).fetchall()
        return [_planned(*row[:-1]) for row in rows]

    def planned(self) -> list[PlannedPoint]:
        """Return the planned points, in order."""
        with explained(self.path):
            rows = self._database.execute(
                "SELECT digest, accuracy_key, cost_key, point FROM points ORDER BY position"
            ).fetchall()
        return [_planned(*row) for row in rows]

    def validation(self) -> dict[str, float | None]:
        """Return validation accuracies [%] by accuracy key; `None` for points that have none."""
        with explained(self.path):
            return dict(
                self._database.execute(
                    "SELECT accuracy_key, val_top1_pct FROM accuracy "
                    "UNION ALL SELECT accuracy_key, NULL FROM ended"
                ).fetchall()
            )

    def accuracies(self) -> dict[str, AccuracyResult]:
        """Return what was found on all images, by accuracy key."""
        with explained(self.path):
            version = version_of(self._database)
            changed = "changed_weights_pct" if version > 1 else "0.0"
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
        with explained(self.path):
            row = self._database.execute(
                f"SELECT count(*), coalesce(sum(accuracy_key IN {_DONE}), 0) FROM points"
            ).fetchone()
        return row[0], row[1]

    def has_trainings(self) -> bool:
        """Return whether points are planned that are trained."""
        with explained(self.path):
            (count,) = self._database.execute(
                "SELECT count(*) FROM points WHERE json_extract(point, '$.training') IS NOT NULL"
            ).fetchone()
        return bool(count)

    def computed_by_run(self) -> dict[int, int]:
        """Return of how many accuracies each run found out what becomes of them, by its number."""
        done = "SELECT accuracy_key, run FROM accuracy UNION SELECT accuracy_key, run FROM ended"
        with explained(self.path):
            return dict(
                self._database.execute(
                    "SELECT runs.run, count(accuracy_key) FROM runs "
                    f"LEFT JOIN ({done}) USING (run) GROUP BY runs.run"
                ).fetchall()
            )

    def last_run(self) -> Run | None:
        """Return the run begun last; `None` where none has begun."""
        with explained(self.path):
            version = version_of(self._database)
            added = "seconds, search" if version >= SCHEMA_WITH_SEARCHES else "0.0, ''"
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
        with explained(self.path):
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

        with explained(self.path):
            version = version_of(self._database)
            column = "changed_weights_pct" if version > 1 else "0.0 AS changed_weights_pct"
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

        with explained(self.path):
            return pd.read_sql_query(_LAYERS, self._database)

    def ended(self) -> tuple[EndedPoint, ...]:
        """Return the points that have no accuracy, in the order planned."""
        with explained(self.path):
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


def _family(families: set[str]) -> str:
    return next(iter(families)) if len(families) == 1 else "mixed"
