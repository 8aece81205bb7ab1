import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from edited import edited
from fake_accuracy import FakeFactory, accuracy_of

import dse.search.study
from dse.errors import DataError, DesignError, FoldingError, FormatError, UnknownPluginError
from dse.formats import parse_sweep
from dse.recipe import NONE, Recipe
from dse.search.evaluate import checkpoint_path
from dse.search.lock import writer_lock
from dse.search.schema import DB_NAME
from dse.search.settings import StudySettings
from dse.search.store import Store
from dse.search.study import explore
from dse.selection import best_recipes, front_of, leading
from hw_models.cost import estimate
from hw_models.folding import fold_to_fps

SETTINGS = StudySettings(
    model="fake",
    data="fake",
    weights=parse_sweep("int3-5,e2m1"),
    acts=parse_sweep("int4,e4m3,e2m1"),
    device="xcup",
    fps=1e5,
    dsp="none",
    seed=0,
    checkpoint_sha256="",
    edge_format=None,
    unsigned_acts=False,
    granularity="per_channel",
    scale="float32",
    act_range="mse",
    weight_range="mse",
    calibration=100,
    recipes=(NONE,),
    best_of=False,
)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def evaluations(folder):
    with Store.open_readonly(folder) as store:
        return store.evaluations()


def test_every_pair_is_evaluated_once_in_order(tmp_path):
    study = explore(SETTINGS, tmp_path / "study", FakeFactory(), jobs=1)
    assert (study.n_points, study.n_computed) == (12, 12)
    frame = evaluations(tmp_path / "study")
    pairs = list(zip(frame.weight_format, frame.act_format, strict=True))
    assert pairs == [(w.name, a.name) for w in SETTINGS.weights for a in SETTINGS.acts]
    with study.open() as store:
        for row in frame.itertuples():
            point = store.point(row.digest)
            assert row.val_top1_pct == accuracy_of(point.quantization).val_top1_pct
            assert [layer.act.name for layer in point.scheme.layers] == [
                "uint5",
                row.act_format,
                row.act_format,
            ]


def test_costs_are_those_of_the_cost_model_at_one_folding(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    template = FakeFactory().template()
    foldings = fold_to_fps(template, 1e5, 250.0)
    with Store.open_readonly(tmp_path) as store:
        frame = store.evaluations()
        assert store.header.foldings == tuple((f.pe, f.simd) for f in foldings)
        for row in frame.itertuples():
            point = store.point(row.digest)
            assert point.foldings == foldings
            layers = point.scheme.layers
            network = template.with_formats([x.weight for x in layers], [x.act for x in layers])
            report = estimate(network, foldings, "xcup", "none")
            assert (row.lut, row.ff) == (report.resources.lut, report.resources.ff)
            assert (row.lut_per_mac, row.ii_cycles) == (report.lut_per_mac, report.ii_cycles)
    assert frame.ii_cycles.max() <= 250e6 / 1e5


def test_the_header_holds_what_the_search_starts_from(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    with Store.open_readonly(tmp_path) as store:
        header = store.header
    before = FakeFactory()().float_accuracy
    int8 = [parse_sweep("int8")[0]] * 3
    template = FakeFactory().template()
    network = template.with_formats(int8, [parse_sweep("uint5")[0], *int8[1:]])
    foldings = fold_to_fps(template, 1e5, 250.0)
    assert header.settings == SETTINGS
    assert header.float_accuracy.test_top1_pct == before.test_top1_pct
    assert header.reference.error_pct == pytest.approx(100 - before.val_top1_pct + 10)
    assert 2**header.reference.log2_cost == pytest.approx(
        estimate(network, foldings, "xcup", "none").resources.lut
    )
    assert set(header.versions) == {"bitfront", "torch", "brevitas", "numba", "numpy"}
    assert header.shapes == template


@pytest.mark.parametrize("jobs", [2, 3])
def test_results_do_not_depend_on_jobs(tmp_path, jobs):
    explore(SETTINGS, tmp_path / "one", FakeFactory(), jobs=1)
    explore(SETTINGS, tmp_path / "many", FakeFactory(), jobs=jobs)
    one, many = evaluations(tmp_path / "one"), evaluations(tmp_path / "many")
    assert one.equals(many)


def test_a_second_run_computes_nothing_and_makes_no_source(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = contents(tmp_path)

    class OnlyData(FakeFactory):
        def __call__(self, progress):
            raise AssertionError("the network was loaded")

        template = __call__

    study = explore(SETTINGS, tmp_path, OnlyData(), jobs=2)
    assert (study.n_points, study.n_computed) == (12, 0)
    assert contents(tmp_path) == before


def test_a_study_made_before_shapes_were_kept_gets_them_and_keeps_its_results(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = evaluations(tmp_path)
    with edited(tmp_path) as database:
        database.execute("UPDATE header SET json = json_remove(json, '$.shapes')")
    with Store.open_readonly(tmp_path) as store:
        assert store.header.shapes is None
    assert explore(SETTINGS, tmp_path, FakeFactory(), jobs=1).n_computed == 0
    with Store.open_readonly(tmp_path) as store:
        assert store.header.shapes == FakeFactory().template()
    assert evaluations(tmp_path).equals(before)


def test_a_network_of_the_user_is_always_loaded_and_compared(tmp_path):
    settings = replace(SETTINGS, model="package.module:factory")
    explore(settings, tmp_path, FakeFactory(), jobs=1)
    assert explore(settings, tmp_path, FakeFactory(), jobs=1).n_computed == 0
    before = contents(tmp_path)
    with pytest.raises(DesignError, match="are not those of the study in"):
        explore(settings, tmp_path, FakeFactory(weights="other"), jobs=1)
    assert contents(tmp_path) == before


def test_only_what_is_missing_is_computed(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = evaluations(tmp_path)
    with sqlite3.connect(tmp_path / DB_NAME) as database:
        lost = [row.accuracy_key for row in before.itertuples() if row.act_format == "e4m3"]
        database.executemany("DELETE FROM accuracy WHERE accuracy_key = ?", [(k,) for k in lost])
    database.close()
    journal = tmp_path / "journal"
    study = explore(SETTINGS, tmp_path, FakeFactory(journal=str(journal)), jobs=1)
    assert study.n_computed == 4
    assert [line.split()[2] for line in journal.read_text().splitlines()] == ["e4m3"] * 4
    assert evaluations(tmp_path).equals(before)


def test_progress_counts_from_what_is_there(tmp_path):
    steps = []
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1, progress=lambda *step: steps.append(step))
    assert steps == [("training", 1, 1), *[("evaluation", done, 12) for done in range(13)]]


def test_an_error_in_the_middle_keeps_what_was_finished(tmp_path):
    with pytest.raises(DataError, match="the images vanished"):
        explore(SETTINGS, tmp_path, FakeFactory(failure="our error"), jobs=1)
    assert len(evaluations(tmp_path)) == 3  # int3 comes before int4 × int4
    assert explore(SETTINGS, tmp_path, FakeFactory(), jobs=1).n_computed == 9
    with Store.open_readonly(tmp_path) as store:
        assert store.computed_by_run() == {1: 3, 2: 9}


def test_a_new_cost_model_costs_anew_and_keeps_accuracies(tmp_path, monkeypatch):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = evaluations(tmp_path)
    for module in (dse.search.study, dse.search.costs):
        monkeypatch.setattr(module, "COST_VERSION", 10_000)
    study = explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    after = evaluations(tmp_path)
    assert (study.n_points, study.n_computed) == (12, 0)
    assert list(after.accuracy_key) == list(before.accuracy_key)
    assert not set(after.cost_key) & set(before.cost_key)
    with study.open() as store:
        assert store.header.cost.version == 10_000


def test_another_quantization_computes_everything_anew(tmp_path, monkeypatch):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    monkeypatch.setattr(dse.point, "ACCURACY_VERSION", 10_000)
    monkeypatch.setattr(dse.search.study, "ACCURACY_VERSION", 10_000)
    study = explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    assert (study.n_points, study.n_computed) == (12, 12)
    assert len(evaluations(tmp_path)) == 12


def test_unsigned_activations_are_used_where_possible_and_marked(tmp_path):
    settings = replace(SETTINGS, unsigned_acts=True, acts=parse_sweep("int4,uint4,e4m3"))
    study = explore(settings, tmp_path, FakeFactory(), jobs=1)
    frame = evaluations(tmp_path)
    assert study.n_points == 8  # int4 became uint4, which was asked for too
    assert list(frame.act_format[:2]) == ["uint4", "ue4m4"]
    assert not frame.signed.any()


def test_the_edge_format_is_for_first_and_last_weights(tmp_path):
    (int8,) = parse_sweep("int8")
    study = explore(replace(SETTINGS, edge_format=int8), tmp_path, FakeFactory(), jobs=1)
    with study.open() as store:
        layers = store.point(store.evaluations().digest[0]).scheme.layers
    assert [layer.weight.name for layer in layers] == ["int8", "int3", "int8"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"device": "xcpu"},
            UnknownPluginError,
            r"no device called 'xcpu' \(did you mean 'xcup'",
        ),
        ({"fps": 1e12}, FoldingError, "fps need at most"),
        ({"weights": parse_sweep("int8,int1")}, FormatError, "no int1 here"),
        ({"acts": parse_sweep("int8,e6m1")}, FormatError, "e6m1"),
    ],
)
@pytest.mark.parametrize("existing", [False, True])
def test_what_cannot_be_done_changes_nothing(tmp_path, change, error, message, existing):
    folder = tmp_path / "study"
    if existing:
        explore(SETTINGS, folder, FakeFactory(), jobs=1)
    before = contents(tmp_path)
    with pytest.raises(error, match=message):
        explore(replace(SETTINGS, **change), folder, FakeFactory(), jobs=1)
    assert contents(tmp_path) == before
    assert folder.exists() == existing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0.0}, "--fps is 0"),
        ({"fps": float("nan")}, "--fps is nan"),
        ({"fps": float("inf")}, "--fps is inf"),
        ({"calibration": 0}, "--calibration is 0"),
        ({"seed": -1}, "--seed is -1"),
        ({"weights": ()}, "at least one weight"),
        ({"dsp": "all"}, "--dsp 'all' is unknown; choose one of none, auto"),
        ({"granularity": "row"}, "--granularity 'row'"),
        ({"scale": "int"}, "--scale 'int'"),
        ({"act_range": "max"}, "--act-range 'max'"),
        ({"weight_range": "max"}, "--weight-range 'max'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(change, message):
    with pytest.raises(DesignError, match=message):
        replace(SETTINGS, **change)


def test_jobs_below_one_are_refused(tmp_path):
    with pytest.raises(DesignError, match="--jobs is 0"):
        explore(SETTINGS, tmp_path / "study", FakeFactory(), jobs=0)
    assert list(tmp_path.iterdir()) == []


def test_an_edge_format_for_all_layers_is_refused(tmp_path):
    class TwoLayers(FakeFactory):
        def template(self):
            whole = super().template()
            return type(whole)(nodes=whole.nodes[:3])

    settings = replace(SETTINGS, edge_format=parse_sweep("int8")[0])
    with pytest.raises(DesignError, match=r"--edge-format covers all 2 layer\(s\)"):
        explore(settings, tmp_path / "study", TwoLayers(), jobs=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "ecp5"}, "other settings: --device is xcup there, ecp5 here"),
        ({"acts": parse_sweep("int4")}, "--acts is int4,e4m3,e2m1 there, int4 here"),
        ({"seed": 3}, "--seed is 0 there, 3 here"),
    ],
)
def test_a_study_with_other_settings_is_left_alone(tmp_path, change, message):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = contents(tmp_path)
    with pytest.raises(DesignError, match=message):
        explore(replace(SETTINGS, **change), tmp_path, FakeFactory(), jobs=1)
    assert contents(tmp_path) == before


def test_changed_data_is_refused(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    before = contents(tmp_path)
    with pytest.raises(DesignError, match="data set 'fake' has changed"):
        explore(SETTINGS, tmp_path, FakeFactory(data="other"), jobs=1)
    assert contents(tmp_path) == before


def test_a_damaged_study_is_left_alone(tmp_path):
    (tmp_path / DB_NAME).write_bytes(b"not a database, " * 1000)
    before = contents(tmp_path)
    with pytest.raises(DataError, match="damaged"):
        explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    assert contents(tmp_path) == before


def test_a_second_writer_is_refused_before_it_trains(tmp_path):
    steps = []
    with writer_lock(tmp_path), pytest.raises(DesignError, match="another bitfront"):
        explore(SETTINGS, tmp_path, FakeFactory(), jobs=1, progress=lambda *s: steps.append(s))
    assert steps == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot write into the folder"):
        explore(SETTINGS, tmp_path / "file", FakeFactory(), jobs=1)
    assert contents(tmp_path) == {"file": b"mine"}


def test_evaluations_carry_paired_correctness(tmp_path):
    explore(SETTINGS, tmp_path, FakeFactory(), jobs=1)
    for row in evaluations(tmp_path).itertuples():
        bits = np.unpackbits(np.frombuffer(row.test_correct, np.uint8), count=row.n_test)
        assert 100 * bits.mean() == pytest.approx(row.test_top1_pct)


def test_importing_a_study_loads_no_torch():
    code = "import sys, dse.search.study; print(sorted({'torch', 'pandas'} & set(sys.modules)))"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


RECIPES = tuple(map(Recipe.parse, ("none", "gptq", "gptq+bias")))


def test_every_recipe_is_a_point_of_its_own_on_any_number_of_workers(tmp_path):
    settings = replace(SETTINGS, recipes=RECIPES, best_of=True)
    study = explore(settings, tmp_path / "one", FakeFactory(), jobs=1)
    assert (study.n_points, study.n_computed) == (36, 36)
    frame = evaluations(tmp_path / "one")
    assert list(frame.recipe[:4]) == ["none", "gptq", "gptq+bias", "none"]
    assert frame.groupby("cost_key").recipe.nunique().eq(3).all()
    assert list(frame.changed_weights_pct[:3]) == [0, 10, 20]
    explore(settings, tmp_path / "two", FakeFactory(), jobs=2)
    assert evaluations(tmp_path / "two").equals(frame)
    plain = explore(SETTINGS, tmp_path / "plain", FakeFactory(), jobs=1)
    with plain.open() as store:
        assert set(store.evaluations().digest) == set(frame[frame.recipe == "none"].digest)


def test_a_recipe_that_is_refused_leaves_no_trace(tmp_path):
    settings = replace(SETTINGS, recipes=(Recipe(("magic",)),))
    with pytest.raises(UnknownPluginError, match="no magic here"):
        explore(settings, tmp_path / "study", FakeFactory(), jobs=1)
    assert not (tmp_path / "study").exists()


def test_the_best_of_one_recipe_is_refused():
    with pytest.raises(DesignError, match="--best-of chooses among recipes; name several"):
        replace(SETTINGS, best_of=True)


TRAINING = replace(SETTINGS, recipes=RECIPES[:2], best_of=True, qat=5, qat_epochs=2)


def trained_rows(folder):
    frame = evaluations(folder)
    return frame[frame.recipe.str.endswith("qat")]


def test_the_points_that_matter_most_to_the_front_are_trained_from_their_best_recipe(tmp_path):
    study = explore(TRAINING, tmp_path, FakeFactory(), jobs=1)
    assert (study.n_points, study.n_computed) == (29, 29)
    frame = evaluations(tmp_path)
    plain = best_recipes(frame[~frame.recipe.str.endswith("qat")])
    assert set(plain.recipe) == {"gptq"}
    with study.open() as store:
        reference = store.header.reference
        corner = (reference.error_pct, reference.log2_cost)
        expected = leading(plain, ("lut", "test_top1_pct"), corner, 5)
        trained = trained_rows(tmp_path)
        assert list(trained.cost_key) == list(expected.cost_key)
        assert set(trained.recipe) == {"gptq+qat"}
        for digest in trained.digest:
            point = store.point(digest)
            assert point.training == TRAINING.training
            assert checkpoint_path(tmp_path, point.accuracy_key(store.header.accuracy)).exists()
    untrained = explore(replace(TRAINING, qat=0), tmp_path / "no", FakeFactory(), jobs=1)
    assert set(evaluations(untrained.folder).digest) == set(frame.digest) - set(trained.digest)


@pytest.mark.parametrize("jobs", [2, 3])
def test_what_is_trained_does_not_depend_on_jobs(tmp_path, jobs):
    explore(TRAINING, tmp_path / "one", FakeFactory(), jobs=1)
    steps = []
    factory = FakeFactory()
    tell = lambda *step: steps.append(step)  # noqa: E731 - a list of steps is all it is
    explore(TRAINING, tmp_path / "many", factory, jobs=jobs, progress=tell)
    assert evaluations(tmp_path / "one").equals(evaluations(tmp_path / "many"))
    assert steps.count(("training", 2, 2)) == 5


def test_a_study_that_lacks_its_trainings_is_not_complete(tmp_path):
    explore(TRAINING, tmp_path, FakeFactory(), jobs=1)
    before = evaluations(tmp_path)
    with closing(sqlite3.connect(tmp_path / DB_NAME)) as database:  # as a kill leaves it
        database.execute("DELETE FROM points WHERE recipe LIKE '%qat'")
        database.execute("DELETE FROM accuracy WHERE accuracy_key = ?", (before.accuracy_key[28],))
        database.commit()
    study = explore(TRAINING, tmp_path, FakeFactory(), jobs=1)
    assert (study.n_points, study.n_computed) == (29, 1)
    assert evaluations(tmp_path).equals(before)
    assert explore(TRAINING, tmp_path, FakeFactory(failure="our error"), jobs=1).n_computed == 0


def test_a_training_that_diverges_is_marked_and_the_study_goes_on(tmp_path):
    settings = replace(TRAINING, acts=TRAINING.weights, same_acts=True, qat=4)
    study = explore(settings, tmp_path, FakeFactory(diverges="int4"), jobs=1)
    assert (study.n_points, study.n_computed) == (12, 12)
    assert len(trained_rows(tmp_path)) == 3
    with study.open() as store:
        (ended,) = store.ended()
        assert (ended.weight_format, ended.recipe) == ("int4", "gptq+qat")
        assert (ended.reason, ended.n_val) == ("it diverged", 0)
        assert store.counts() == (12, 12)
        assert store.missing() == []
    again = explore(settings, tmp_path, FakeFactory(failure="our error"), jobs=1)
    assert again.n_computed == 0


def test_same_acts_pairs_each_format_with_itself(tmp_path):
    settings = replace(SETTINGS, acts=SETTINGS.weights, same_acts=True)
    explore(settings, tmp_path, FakeFactory(), jobs=1)
    frame = evaluations(tmp_path)
    assert list(frame.weight_format) == list(frame.act_format) == ["int3", "int4", "int5", "e2m1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"qat": -1}, "--qat is -1"),
        ({"qat_epochs": 0}, "--qat-epochs is 0"),
        ({"qat_lr": float("nan")}, "--qat-lr is nan"),
    ],
)
def test_trainings_that_mean_nothing_are_refused(change, message):
    with pytest.raises(DesignError, match=message):
        replace(SETTINGS, **change)


def test_scales_that_are_powers_of_two_are_not_trained():
    assert replace(TRAINING, scale="power_of_two").training.scale_lr == 0
    assert TRAINING.training.scale_lr > 0


EARLY = replace(SETTINGS, weights=parse_sweep("int3-8,e2m1,e3m2"), acts=parse_sweep("int3-8,e2m1"))


@pytest.fixture(scope="module")
def ended_early(tmp_path_factory):
    """A folder whose study let dominated points end, and the same study of all images."""
    folder = tmp_path_factory.mktemp("early")
    explore(EARLY, folder / "exact", FakeFactory(), jobs=1)
    explore(replace(EARLY, exact=False), folder / "early", FakeFactory(), jobs=1)
    return folder / "early", folder / "exact"


def test_points_that_end_early_are_dominated_and_the_front_stays(ended_early):
    early, exact = map(evaluations, ended_early)
    with Store.open_readonly(ended_early[0]) as store:
        ended = {item.digest for item in store.ended()}
        assert store.counts() == (56, 56)
    assert 10 < len(ended) < 56 - 16
    assert ended == set(exact.digest) - set(early.digest)
    assert early.equals(exact[~exact.digest.isin(ended)].reset_index(drop=True))
    columns = ("lut", "test_top1_pct")
    assert list(front_of(early, columns).digest) == list(front_of(exact, columns).digest)
    for row in exact[exact.digest.isin(ended)].itertuples():
        better = (early.lut <= row.lut) & (early.val_top1_pct > row.val_top1_pct)
        assert better.any()


def contents_of_store(folder):
    with Store.open_readonly(folder) as store:
        return store.evaluations(), store.ended()


@pytest.mark.parametrize("jobs", [2, 5])
def test_what_ends_early_does_not_depend_on_jobs(ended_early, tmp_path, jobs):
    explore(replace(EARLY, exact=False), tmp_path, FakeFactory(), jobs=jobs)
    (one, one_ended), (many, many_ended) = map(contents_of_store, (ended_early[0], tmp_path))
    assert one.equals(many)
    assert one_ended == many_ended


@pytest.mark.parametrize("seed", range(3))
def test_what_ends_early_does_not_depend_on_interruptions(ended_early, tmp_path, seed):
    shutil.copytree(ended_early[0], tmp_path / "study")
    known, ended = contents_of_store(tmp_path / "study")
    keys = [*known.accuracy_key]
    with closing(sqlite3.connect(tmp_path / "study" / DB_NAME)) as database:
        keys += [key for (key,) in database.execute("SELECT accuracy_key FROM ended")]
        lost = np.random.default_rng(seed).choice(keys, 20, replace=False)
        for table in ("accuracy", "ended"):
            sql = f"DELETE FROM {table} WHERE accuracy_key = ?"
            database.executemany(sql, [(str(key),) for key in lost])
        database.commit()
    settings = replace(EARLY, exact=False)
    assert explore(settings, tmp_path / "study", FakeFactory(), jobs=2).n_computed == 20
    again, again_ended = contents_of_store(tmp_path / "study")
    assert again.equals(known)
    assert again_ended == ended
