"""Studies changed by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dse.search import row_sums
from dse.search.schema import DB_NAME


@contextmanager
def edited(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open a study's database to be changed; rows get their sums anew."""
    with closing(sqlite3.connect(folder / DB_NAME)) as database, database:
        yield database
        for table in row_sums.TABLES:
            database.execute(f"UPDATE {table} SET {row_sums.COLUMN} = NULL")
        row_sums.seal(database)
