"""How far a study is."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from dse.errors import DataError
from dse.report import read_findings
from dse.report.status import status_of
from dse.search.lock import writer_lock
from dse.search.store import DB_NAME


@pytest.fixture
def half_done(study_folder, tmp_path):
    """A copy of the study of which 30 accuracies are missing, begun a minute ago."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / DB_NAME).write_bytes((study_folder / DB_NAME).read_bytes())
    begun = datetime.now(UTC) - timedelta(seconds=60)
    with closing(sqlite3.connect(folder / DB_NAME)) as database:
        database.execute("DELETE FROM accuracy WHERE rowid <= 30")
        database.execute(
            "UPDATE runs SET started = ?, finished = NULL", (begun.isoformat(timespec="seconds"),)
        )
        database.commit()
    return folder


def test_a_finished_study(study_folder):
    found, findings = status_of(study_folder), read_findings(study_folder)
    assert found.known == found.planned == len(findings.evaluations)
    assert (found.front, found.hypervolume) == (len(findings.front), findings.hypervolume)
    assert found.writer is None
    assert found.seconds_left is None


def test_a_study_that_runs(half_done):
    with writer_lock(half_done) as lock:
        assert lock.folder == half_done
        found = status_of(half_done)
    assert found.planned - found.known == 30
    assert found.writer > 0
    assert found.per_minute == pytest.approx(found.known, rel=0.1)
    assert found.seconds_left == pytest.approx(60 * 30 / found.known, rel=0.1)
    assert status_of(half_done).seconds_left is None


def test_a_clock_that_was_put_back_gives_no_rate(half_done):
    found = status_of(half_done, now=datetime.now(UTC) - timedelta(hours=1))
    assert found.per_minute is None
    assert found.known > 0


def test_no_study_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no study in"):
        status_of(tmp_path)
