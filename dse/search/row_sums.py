"""Checksums of a study's rows, which show a few changed bytes that SQLite takes for data.

Every row has one in its column ``crc``, kept by triggers of the connection that writes; a row
without one was written before there were any, until the study is next written to.
"""

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

COLUMN = "crc"
TABLES = ("header", "runs", "points", "accuracy", "cost", "ended")
ADD_COLUMNS = "".join(f"ALTER TABLE {table} ADD COLUMN {COLUMN} INTEGER;" for table in TABLES)


def keep(database: sqlite3.Connection) -> None:
    """Have every row that this connection adds or changes get its sum, and those without one."""
    database.create_function("row_sum", -1, lambda *values: _sum(values), deterministic=True)
    for table in TABLES:
        new = ",".join(f"NEW.{name}" for name in _columns(database, table))
        for event in ("INSERT", "UPDATE"):
            database.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN "
                f"UPDATE {table} SET {COLUMN} = row_sum({new}) WHERE rowid = NEW.rowid; END"
            )
        with database:  # the trigger fills in the sums
            database.execute(f"UPDATE {table} SET {COLUMN} = NULL WHERE {COLUMN} IS NULL")


def first_damaged(database: sqlite3.Connection) -> str | None:
    """Return table and number of a row that is not what was written; `None`: there is none."""
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
