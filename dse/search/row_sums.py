"""Checksums of a study's rows, which show a few changed bytes that SQLite takes for data.

Every row has one in its column ``crc``. Who adds or changes a row leaves ``NULL`` there and calls
`seal` before the end of the transaction. Python is not called from within SQLite, which would
swallow an interrupt that comes just then.
"""

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

COLUMN = "crc"
TABLES = ("header", "runs", "points", "accuracy", "cost", "ended")
ADD_COLUMNS = "".join(
    f"ALTER TABLE {table} ADD COLUMN {COLUMN} INTEGER;"
    f"CREATE INDEX {table}_unsealed ON {table} ({COLUMN}) WHERE {COLUMN} IS NULL;"
    for table in TABLES
)
"""The index, of no rows most of the time, finds those without a sum at once."""


def seal(database: sqlite3.Connection) -> None:
    """Give every row that has no sum its sum."""
    for table in TABLES:
        columns = ",".join(_columns(database, table))
        rows = database.execute(
            f"SELECT rowid, {columns} FROM {table} WHERE {COLUMN} IS NULL"
        ).fetchall()
        database.executemany(
            f"UPDATE {table} SET {COLUMN} = ? WHERE rowid = ?",
            [(_sum(values), row) for row, *values in rows],
        )


def first_damaged(database: sqlite3.Connection) -> str | None:
    """Return table and number of a row that is not what was written; `None`: there is none.

    A row without a sum is of a study that has not been written to since there are sums.
    """
    for table in TABLES:
        columns = ",".join(_columns(database, table))
        with _undecoded(database):
            rows = database.execute(
                f"SELECT rowid, {COLUMN}, {columns} FROM {table} WHERE {COLUMN} IS NOT NULL"
            )
            for row, kept, *values in rows:
                if kept != _sum(values):
                    return f"row {row} of table {table}"
    return None


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns, without that of the sum."""
    names = [name for _, name, *_ in database.execute(f"PRAGMA main.table_info({table})")]
    return [name for name in names if name != COLUMN]


def _sum(values: Sequence[object]) -> int:
    parts = (value if isinstance(value, bytes) else str(value).encode() for value in values)
    return zlib.crc32(b"\0".join(parts))


@contextmanager
def _undecoded(database: sqlite3.Connection) -> Iterator[None]:
    """Read texts as they are, for changed bytes may be no UTF-8."""
    before, database.text_factory = database.text_factory, bytes
    try:
        yield
    finally:
        database.text_factory = before
