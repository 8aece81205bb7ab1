"""Studies on a Dask cluster."""

import pytest
from distributed import LocalCluster
from fake_accuracy import FakeFactory
from test_executor import EXPECTED, KILLER, given_up, results

from dse.errors import DataError, DesignError


@pytest.fixture(scope="module")
def cluster():
    """Two workers that somebody else has made."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield f"dask:{made.scheduler_address}"


def test_a_cluster_made_here_finds_the_same_and_survives_a_killer(tmp_path):
    journal = tmp_path / "journal"
    factory = FakeFactory(failure="killed", journal=str(journal))
    outcome = given_up(results(tmp_path, factory, "dask"))
    assert "3 workers died of it, the last one: Dask worker tcp://" in outcome.reason
    assert (tmp_path / "killed" / f"{KILLER}.log").exists()
    assert journal.read_text().count(" int4 int4\n") == 3


def test_a_cluster_that_is_there_is_used_and_left(cluster, tmp_path):
    assert dict(results(tmp_path, FakeFactory(), cluster)) == EXPECTED
    factory = FakeFactory(weights="others", failure="killed twice", journal=str(tmp_path / "j"))
    assert dict(results(tmp_path, factory, cluster)) == EXPECTED


def test_errors_come_back(cluster, tmp_path):
    with pytest.raises(DataError, match="the images vanished"):
        results(tmp_path, FakeFactory(failure="our error"), cluster)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"):
        results(tmp_path, FakeFactory(failure="a bug"), cluster)


def test_no_scheduler_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("dse.search.dask_crew._CONNECT_SECONDS", 0.5)
    with pytest.raises(DesignError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        results(tmp_path, FakeFactory(), "dask:tcp://127.0.0.1:9")


def test_workers_with_several_threads_are_refused(tmp_path):
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
        ) as made,
        pytest.raises(DesignError, match="has 2 threads"),
    ):
        results(tmp_path, FakeFactory(), f"dask:{made.scheduler_address}")
