"""Accuracies taken from other studies: on other hardware the same network is as accurate."""

from dataclasses import replace

import pytest
from fake_accuracy import FakeFactory
from test_search import SETTINGS as LAYERS
from test_search import run
from test_study import SETTINGS, evaluations

from dse.errors import DataError
from dse.formats import parse_sweep
from dse.search.effort import Effort
from dse.search.known import known_accuracies
from dse.search.search import search
from dse.search.study import explore

ACCURACY = ["accuracy_key", "val_top1_pct", "test_top1_pct", "test_correct"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_another_device_needs_no_new_evaluation(tmp_path, jobs):
    explore(SETTINGS, tmp_path / "a", FakeFactory(), jobs=1)
    elsewhere = replace(SETTINGS, device="ecp5", fps=1e4)
    known = known_accuracies([tmp_path / "a"])
    study = explore(elsewhere, tmp_path / "b", FakeFactory(), jobs=jobs, known=known)
    assert (study.n_points, study.n_computed) == (12, 0)
    first, second = evaluations(tmp_path / "a"), evaluations(tmp_path / "b")
    assert first[ACCURACY].equals(second[ACCURACY])
    assert (first["lut"] != second["lut"]).all()


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_not_known_is_evaluated(tmp_path, jobs):
    explore(SETTINGS, tmp_path / "a", FakeFactory(), jobs=1)
    wider = replace(SETTINGS, weights=parse_sweep("int3-6,e2m1"))
    known = known_accuracies([tmp_path / "a"])
    study = explore(wider, tmp_path / "b", FakeFactory(), jobs=jobs, known=known)
    assert (study.n_points, study.n_computed) == (15, 3)
    explore(wider, tmp_path / "c", FakeFactory(), jobs=1)
    assert evaluations(tmp_path / "b").equals(evaluations(tmp_path / "c"))


def test_other_weights_have_other_accuracies(tmp_path):
    explore(SETTINGS, tmp_path / "a", FakeFactory(), jobs=1)
    known = known_accuracies([tmp_path / "a"])
    study = explore(SETTINGS, tmp_path / "b", FakeFactory(weights="others"), jobs=1, known=known)
    assert study.n_computed == 12


def test_a_search_asks_the_same_whether_it_knows_or_not(tmp_path):
    run(tmp_path / "a", sampler="two-stage")
    known = known_accuracies([tmp_path / "a"])
    effort = Effort(sampler="two-stage", trials=12, seed=0)
    study = search(LAYERS, tmp_path / "b", FakeFactory(), effort, known=known)
    assert (study.n_points, study.n_computed) == (12, 0)
    assert evaluations(tmp_path / "a").equals(evaluations(tmp_path / "b"))


def test_a_folder_without_a_study_is_named(tmp_path):
    with pytest.raises(DataError, match="no study in"):
        known_accuracies([tmp_path])
