"""The study's file: its tables, earlier versions of them, and whether it is whole.

Writing is done with a rollback journal and ``synchronous = FULL``: whatever happens to the process,
what was committed stays.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dse.errors import DataError
from dse.search import row_sums

DB_NAME = "study.db"
SCHEMA_VERSION = 5
SCHEMA_WITH_ENDED = 3
SCHEMA_WITH_SEARCHES = 4
SCHEMA_WITH_SUMS = 5
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

_UPGRADES = {
    1: "ALTER TABLE accuracy ADD COLUMN changed_weights_pct REAL NOT NULL DEFAULT 0;",
    2: _ENDED,
    3: "ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN search TEXT NOT NULL DEFAULT '';",
    4: row_sums.ADD_COLUMNS,
}
"""Statements that bring a schema up to the next; before recipes had methods, no weight changed."""


def create(path: Path, header: str) -> None:
    """Make a study's file, whole or not at all.

    Args:
        path: Where it will be.
        header: The study's header, as JSON.

    Raises:
        DataError: The file cannot be written.
    """
    draft = path.with_name(f".{path.name}.tmp")
    with explained(path):
        draft.unlink(missing_ok=True)
        database = sqlite3.connect(draft)
        try:
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO header VALUES (1, ?, NULL)", (header,))
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.commit()
        finally:
            database.close()
        draft.replace(path)


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open a study's file, brought up to date if it is to be written.

    Raises:
        DataError: There is none, it is damaged, or a newer bitfront made it.
    """
    if not path.exists():
        raise DataError(
            f"no study in {path.parent}: 'bitfront explore --out {path.parent}' makes one"
        )
    with explained(path):
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
                with database:
                    row_sums.seal(database)
            elif schema < SCHEMA_WITH_ENDED:
                database.executescript(_ENDED.replace("CREATE", "CREATE TEMP"))
            database.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")
        except BaseException:
            database.close()
            raise
    return database


def version_of(database: sqlite3.Connection) -> int:
    """Return the version of the tables."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _checked_schema(path: Path, database: sqlite3.Connection) -> int:
    """Return the schema's version; refuse a file that is no whole study of one we know."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    schema = version_of(database)
    if application != _APPLICATION_ID:
        raise DataError(f"{path} is damaged or not a bitfront study; name another folder")
    if schema > SCHEMA_VERSION:
        raise DataError(
            f"{path} has schema {schema}, this bitfront reads {SCHEMA_VERSION}: "
            "a newer bitfront made it; upgrade bitfront"
        )
    (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict == "ok" and schema >= SCHEMA_WITH_SUMS:
        verdict = row_sums.first_damaged(database) or verdict
    if verdict != "ok":
        raise DataError(f"{path} is damaged ({verdict}); restore it or name another folder")
    return schema


@contextmanager
def explained(path: Path) -> Iterator[None]:
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
