"""How far a study is."""

import pytest

from dse.errors import DataError
from dse.report import read_findings
from dse.report.status import status_of
from dse.search.effort import Effort
from dse.search.lock import writer_lock
from dse.search.schema import DB_NAME
from tests.dse.search.edited import edited


@pytest.fixture
def half_done(study_folder, tmp_path):
    """A copy of the study of which 30 accuracies are missing; the others took 60 s."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / DB_NAME).write_bytes((study_folder / DB_NAME).read_bytes())
    change(folder, "DELETE FROM accuracy WHERE rowid <= 30")
    change(folder, "UPDATE runs SET seconds = 60, finished = NULL")
    return folder


def change(folder, statement):
    with edited(folder) as database:
        database.execute(statement)


def test_a_finished_study(study_folder):
    found, findings = status_of(study_folder), read_findings(study_folder)
    assert found.known == found.wanted == len(findings.evaluations)
    assert (found.front, found.hypervolume) == (len(findings.front), findings.hypervolume)
    assert found.writer is None
    assert found.seconds_left is None


def test_a_study_that_runs(half_done):
    with writer_lock(half_done) as lock:
        assert lock.folder == half_done
        found = status_of(half_done)
    assert found.wanted - found.known == 30
    assert found.writer > 0
    assert found.per_minute == found.known
    assert found.seconds_left == pytest.approx(60 * 30 / found.known)
    assert status_of(half_done).seconds_left is None


@pytest.mark.parametrize("begun", ["2000-01-01T00:00:00+00:00", "2999-12-31T00:00:00+00:00"])
def test_a_clock_that_was_put_back_or_forth_changes_no_rate(half_done, begun):
    change(half_done, f"UPDATE runs SET started = '{begun}'")
    found = status_of(half_done)
    assert found.per_minute == found.known


def test_a_search_wants_its_trials(half_done):
    effort = Effort(sampler="random", trials=500, seed=0).to_json(0)
    change(half_done, f"UPDATE runs SET search = '{effort}'")
    with writer_lock(half_done):
        found = status_of(half_done)
    assert found.wanted == 500
    assert found.seconds_left == pytest.approx(60 * (500 - found.known) / found.known)


def test_what_failed_is_told_from_what_was_dominated(half_done, study_folder):
    keys = "SELECT accuracy_key FROM points WHERE accuracy_key NOT IN (SELECT accuracy_key FROM "
    change(
        half_done,
        "INSERT INTO ended SELECT accuracy_key, 'why', (row_number() OVER ()) % 2, 50, 1, 1, NULL "
        f"FROM ({keys} accuracy) LIMIT 5)",
    )
    found = status_of(half_done)
    assert (found.ended, found.failed) == (3, 2)
    assert found.wanted - found.known == 25


def test_no_study_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no study in"):
        status_of(tmp_path)
