"""Per-layer searches: what is decided, what is stored, and how they go on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from fake_accuracy import LAYERS, FakeFactory, accuracy_of
from test_study import SETTINGS as SWEEP

from dse.errors import DesignError, UnknownPluginError
from dse.formats import parse_format, parse_sweep
from dse.recipe import Recipe
from dse.search.decision import Decision
from dse.search.effort import Effort
from dse.search.layer_space import LayerSpace
from dse.search.lock import writer_lock
from dse.search.samplers import SAMPLERS, SamplerKind
from dse.search.search import search
from dse.search.settings import StudySettings
from dse.search.store import Store
from hw_models.cost import estimate
from hw_models.folding import fold_to_fps

WEIGHTS, ACTS = parse_sweep("int4-8,e2m1"), parse_sweep("int6-8")
FIRST, SECOND, THIRD = LAYERS
DECISIONS = (
    Decision(layers=(FIRST,), operand="weights", formats=WEIGHTS),
    Decision(layers=(SECOND, THIRD), operand="weights", formats=WEIGHTS[1:]),
    Decision(layers=(SECOND,), operand="acts", formats=ACTS),
    Decision(layers=(THIRD,), operand="acts", formats=ACTS),
)
SETTINGS = replace(SWEEP, weights=WEIGHTS, acts=ACTS, decisions=DECISIONS)
SIZE = 6 * 5 * 3 * 3


def space_of(settings=SETTINGS):
    template = FakeFactory().template()
    foldings = fold_to_fps(template, settings.fps, 250.0)
    return LayerSpace(settings=settings, template=template, foldings=foldings)


def run(
    folder, trials=12, sampler="random", seed=0, settings=SETTINGS, factory=None, pending=0, **how
):
    effort = Effort(sampler=sampler, trials=trials, seed=seed, pending=pending)
    return search(settings, folder, factory or FakeFactory(), effort, **how)


def evaluations(folder):
    with Store.open_readonly(folder) as store:
        return store.evaluations()


def test_a_candidate_is_its_point():
    space = space_of()
    for candidate in ((0, 0, 0, 0), (5, 4, 2, 1), (3, 1, 0, 2)):
        point = space.point(candidate)
        assert space.candidate(point) == candidate
        layers = point.scheme.layers
        assert layers[0].weight == WEIGHTS[candidate[0]]
        assert layers[1].weight == layers[2].weight == WEIGHTS[1:][candidate[1]]
        assert layers[0].act == parse_format("uint5")
        assert (layers[1].act, layers[2].act) == (ACTS[candidate[2]], ACTS[candidate[3]])


def test_recipes_are_a_choice_and_unsigned_inputs_stay_one():
    recipes = (Recipe.parse("none"), Recipe.parse("bias"))
    settings = replace(SETTINGS, recipes=recipes, unsigned_acts=True)
    space = space_of(settings).with_unsigned(frozenset([SECOND]))
    point = space.point((0, 0, 1, 1, 1))
    assert point.recipe == recipes[1]
    assert [layer.act.name for layer in point.scheme.layers] == ["uint5", "uint7", "int7"]
    assert space.candidate(point) == (0, 0, 1, 1, 1)


def test_costs_in_memory_are_those_of_the_points():
    space = space_of()
    candidates = np.array([(0, 0, 0, 0), (5, 4, 2, 1), (3, 1, 0, 2)])
    for candidate, found in zip(candidates, space.log2_cost(candidates), strict=True):
        point = space.point(tuple(candidate))
        layers = point.scheme.layers
        network = space.template.with_formats([x.weight for x in layers], [x.act for x in layers])
        cost = estimate(network, space.foldings, "xcup", "none").resources
        assert found == np.log2(cost.lut)


def test_what_is_found_is_stored_with_accuracy_and_cost(tmp_path):
    study = run(tmp_path)
    assert (study.n_points, study.n_computed) == (12, 12)
    space = space_of()
    with Store.open_readonly(tmp_path) as store:
        assert store.header.settings == SETTINGS
        for row in store.evaluations().itertuples():
            point = store.point(row.digest)
            assert row.val_top1_pct == accuracy_of(point.quantization).val_top1_pct
            assert np.log2(row.lut) == space.log2_cost(np.array([space.candidate(point)]))[0]


def test_points_are_named_by_the_weights_of_all_layers(tmp_path):
    run(tmp_path)
    with Store.open_readonly(tmp_path) as store:
        for row in store.evaluations().itertuples():
            names = {layer.weight.name for layer in store.point(row.digest).scheme.layers}
            assert row.weight_format == (names.pop() if len(names) == 1 else "mixed")


@pytest.mark.parametrize("sampler", ["grid", "random", "greedy", "nsga2", "two-stage"])
def test_no_candidate_is_evaluated_twice(tmp_path, sampler):
    study = run(tmp_path, trials=15, sampler=sampler)
    assert study.n_computed == 15
    frame = evaluations(tmp_path)
    assert frame["digest"].nunique() == len(frame) == 15


def test_a_grid_ends_and_is_the_same_after_an_interruption(tmp_path):
    run(tmp_path / "whole", trials=1000, sampler="grid")
    whole = evaluations(tmp_path / "whole")
    assert len(whole) == SIZE
    assert run(tmp_path / "parts", trials=50, sampler="grid").n_computed == 50
    assert run(tmp_path / "parts", trials=1000, sampler="grid").n_computed == SIZE - 50
    assert evaluations(tmp_path / "parts").equals(whole)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_neither_interruptions_nor_workers_change_what_is_asked(tmp_path, sampler):
    run(tmp_path / "whole", trials=14, sampler=sampler, seed=3)
    whole = evaluations(tmp_path / "whole")
    for trials in (1, 6, 14):
        run(tmp_path / "parts", trials=trials, sampler=sampler, seed=3)
    assert evaluations(tmp_path / "parts").equals(whole)
    slow_at_times = FakeFactory(seconds=0.004, jitter=True)
    with ThreadPoolExecutor(3) as threads:
        for trials in (5, 14):
            run(
                tmp_path / "threads",
                trials=trials,
                sampler=sampler,
                seed=3,
                factory=slow_at_times,
                executor=threads,
                jobs=3,
            )
    assert evaluations(tmp_path / "threads").equals(whole)


class Recorder:
    """A sampler that writes down what it is asked and told."""

    def __init__(self):
        self.told, self.asks = [], []

    def ask(self, pending=()):
        self.asks.append((list(self.told), list(pending)))
        return (len(self.asks) - 1, 0, 0, 0) if len(self.asks) <= 6 else None

    def tell(self, candidate, error_pct):
        self.told.append(candidate[0])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sampler_is_told_what_it_may_know_and_nothing_else(tmp_path, monkeypatch, jobs):
    recorder = Recorder()
    kind = SamplerKind(summary="", start=lambda problem, seed: recorder, pending=3)
    for module in ("search", "effort"):
        monkeypatch.setattr(f"dse.search.{module}.SAMPLERS", {"recorder": kind})
    with ThreadPoolExecutor(2) as threads:
        executor = threads if jobs > 1 else "processes"
        run(tmp_path, sampler="recorder", executor=executor, jobs=jobs)
    for number, (told, pending) in enumerate(recorder.asks[:6]):
        assert told == list(range(max(0, number - 2)))
        assert [candidate[0] for candidate in pending] == list(range(max(0, number - 2), number))


def test_a_sampler_that_needs_every_result_waits_for_it(tmp_path):
    with pytest.raises(DesignError, match="--pending is 2, but sampler 'bisection' needs every"):
        run(tmp_path, sampler="bisection", pending=2)


def test_a_candidate_that_kills_its_workers_stays_pending_and_the_search_goes_on(tmp_path):
    formats = parse_sweep("int4-5")
    decisions = tuple(replace(decision, formats=formats) for decision in DECISIONS)
    settings = replace(SETTINGS, weights=formats, acts=formats, decisions=decisions)
    factory = FakeFactory(failure="killed")
    how = {"settings": settings, "factory": factory, "jobs": 2, "sampler": "two-stage"}
    study = run(tmp_path, trials=16, **how)
    assert (study.n_points, study.n_computed) == (16, 16)
    with Store.open_readonly(tmp_path) as store:
        schemes = [store.point(ended.digest).scheme for ended in store.ended()]
        assert {(scheme.weight_format, scheme.act_format) for scheme in schemes} == {
            ("int4", "int4")
        }
        assert len(store.ended()) + len(store.evaluations()) == 16
    assert run(tmp_path, trials=16, **how).n_computed == 0


def test_a_second_search_in_the_same_folder_is_refused(tmp_path):
    with (
        writer_lock(tmp_path),
        pytest.raises(DesignError, match=r"another bitfront .* is writing to"),
    ):
        run(tmp_path)


def test_another_sampler_goes_on_with_what_is_known(tmp_path):
    run(tmp_path, trials=10, sampler="random")
    assert run(tmp_path, trials=10, sampler="two-stage").n_computed == 0
    assert run(tmp_path, trials=14, sampler="two-stage").n_computed == 4


def test_what_was_planned_when_a_search_died_is_evaluated_first(tmp_path):
    run(tmp_path, trials=8)
    before = evaluations(tmp_path)
    with Store.open_readonly(tmp_path) as store:
        store._database.execute("PRAGMA query_only = OFF")
        store._database.execute("DELETE FROM accuracy WHERE rowid = 8")
        store._database.commit()
    assert len(evaluations(tmp_path)) == 7
    assert run(tmp_path, trials=8).n_computed == 1
    columns = [name for name in before if name != "run"]
    assert evaluations(tmp_path)[columns].equals(before[columns])


def test_settings_survive_their_json():
    assert StudySettings.from_plain(SETTINGS.to_plain()) == SETTINGS
    other = replace(SETTINGS, decisions=DECISIONS[:-1])
    assert "decisions" in SETTINGS.first_difference(other)


def test_another_space_needs_another_folder(tmp_path):
    run(tmp_path, trials=1)
    changed = replace(
        SETTINGS, decisions=(*DECISIONS[:-1], replace(DECISIONS[-1], formats=ACTS[:2]))
    )
    with pytest.raises(DesignError, match="name another --out"):
        run(tmp_path, settings=changed)


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        (DECISIONS[1:], "weights of 'fc1' must be decided once, not 0"),
        ((*DECISIONS, DECISIONS[0]), "must be decided once, not 2"),
        (
            (*DECISIONS, Decision(layers=("fc9",), operand="acts", formats=ACTS)),
            "no layer 'fc9' .did you mean",
        ),
        (
            (*DECISIONS, Decision(layers=(FIRST,), operand="acts", formats=ACTS)),
            "input of 'fc1' is the network's",
        ),
    ],
)
def test_decisions_must_cover_the_network(decisions, words):
    with pytest.raises(DesignError, match=words):
        space_of(replace(SETTINGS, decisions=decisions))


def test_bad_efforts_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(DesignError, match="--pending is -1"):
        Effort(sampler="grid", trials=1, seed=0, pending=-1)
    with pytest.raises(DesignError, match="--trials is 0"):
        Effort(sampler="grid", trials=0, seed=0)
    with pytest.raises(UnknownPluginError, match="no sampler called 'anneal'"):
        run(tmp_path / "study", sampler="anneal")
    assert not (tmp_path / "study").exists()
