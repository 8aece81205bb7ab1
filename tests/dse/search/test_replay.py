"""Samplers on studies that know every error."""

from dataclasses import replace

import numpy as np
import pytest
from fake_accuracy import FakeFactory, FormatSqnr, accuracy_of
from test_study import SETTINGS as STUDY

from dse.errors import DesignError
from dse.formats import parse_sweep
from dse.point import Quantization
from dse.recipe import Recipe
from dse.search.replay import evaluated_space, replay, replay_all, with_earlier
from dse.search.store import Store
from dse.search.study import explore

SETTINGS = replace(STUDY, weights=parse_sweep("int6-8,e2m5"), acts=parse_sweep("int6-8"))
RECIPES = (Recipe.parse("none"), Recipe.parse("bias"))


def space_of(folder, settings=SETTINGS):
    explore(settings, folder, FakeFactory(), jobs=1)
    with Store.open_readonly(folder) as store:
        return evaluated_space(store, FormatSqnr())


def test_a_uniform_study_has_two_choices(tmp_path):
    space = space_of(tmp_path)
    weights, acts = space.problem.choices
    assert (weights.name, acts.name) == ("weights", "acts")
    assert weights.values == tuple(f.name for f in SETTINGS.weights)
    assert acts.values == tuple(f.name for f in SETTINGS.acts)
    assert np.allclose(weights.noise, [3 * 10 ** (-0.6 * f.bits) for f in SETTINGS.weights])
    assert np.allclose(acts.noise, [2 * 10 ** (-0.5 * f.bits) for f in SETTINGS.acts])


def test_errors_and_costs_are_the_study_s(tmp_path):
    space = space_of(tmp_path, replace(SETTINGS, recipes=RECIPES))
    assert [choice.name for choice in space.problem.choices] == ["weights", "acts", "recipe"]
    with Store.open_readonly(tmp_path) as store:
        for row in store.evaluations().itertuples():
            point = store.point(row.digest)
            layers = point.scheme.layers
            candidate = (
                space.problem.choices[0].values.index(layers[0].weight.name),
                space.problem.choices[1].values.index(layers[1].act.name),
                RECIPES.index(point.recipe),
            )
            found = accuracy_of(Quantization(scheme=point.scheme, recipe=point.recipe))
            assert space.error_pct[candidate] == 100.0 - found.val_top1_pct
            assert space.problem.log2_cost(np.array([candidate]))[0] == np.log2(row.lut)


def test_the_grid_reaches_everything_and_counts_it(tmp_path):
    space = space_of(tmp_path)
    trace = replay(space, "grid", 0, limit=100, target_pct=100.0)
    assert trace.hypervolume_pct[-1] == pytest.approx(100.0)
    assert list(trace.hypervolume_pct) == sorted(trace.hypervolume_pct)
    assert trace.evaluations_to(100.0) <= space.problem.size
    cut = replay(space, "grid", 0, limit=2, target_pct=100.0)
    assert cut.hypervolume_pct == trace.hypervolume_pct[:2]
    assert cut.evaluations_to(100.0) == float("inf")


def test_a_candidate_asked_again_is_not_counted(tmp_path):
    space = space_of(tmp_path)
    trace = replay(space, "nsga2", 0, limit=100, target_pct=101.0)
    assert len(trace.hypervolume_pct) <= space.problem.size


def test_only_equal_choices_teach(tmp_path):
    first = space_of(tmp_path / "a")
    second = space_of(tmp_path / "b", replace(SETTINGS, fps=2e5))
    other = space_of(tmp_path / "c", replace(SETTINGS, weights=SETTINGS.weights[:3]))
    assert with_earlier(first, [first, other]) is None
    learned = with_earlier(first, [first, second, other])
    (earlier,) = learned.problem.earlier
    assert np.array_equal(earlier.candidates, first.problem.candidates())
    assert np.allclose(
        earlier.drop_points, second.error_pct.ravel() - second.problem.float_error_pct
    )


def test_results_do_not_depend_on_processes(tmp_path):
    spaces = [space_of(tmp_path / "a")]
    alone, shared = (
        replay_all(spaces, ["random", "two-stage"], range(2), limit=5, target_pct=99.0, jobs=jobs)
        for jobs in (1, 2)
    )
    assert alone == shared


def test_a_study_in_the_middle_is_refused(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    with Store.open_readonly(tmp_path) as store:
        database = store._database
        database.execute("PRAGMA query_only = OFF")
        database.execute("DELETE FROM accuracy WHERE rowid = 3")
        with pytest.raises(DesignError, match="no space evaluated in full"):
            evaluated_space(store, FormatSqnr())


def test_a_study_of_bad_points_is_refused(tmp_path):
    with pytest.raises(DesignError, match="no hypervolume"):
        space_of(tmp_path, STUDY)


def test_one_point_is_no_space(tmp_path):
    settings = replace(SETTINGS, weights=SETTINGS.weights[:1], acts=SETTINGS.acts[:1])
    with pytest.raises(DesignError, match="nothing to choose"):
        space_of(tmp_path, settings)
