import json
import os
import sqlite3
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_accuracy import LAYERS, N_TEST, FakeFactory, accuracy_of

from dse.errors import DataError
from dse.formats import parse_format
from dse.point import AccuracyContext, CostContext, DesignPoint, Scheme, joint_digest
from dse.recipe import NONE, Recipe
from dse.search.header import FloatAccuracy, Header, ReferencePoint
from dse.search.lock import writer_lock
from dse.search.rows import CostRow, PlannedPoint
from dse.search.schema import DB_NAME, SCHEMA_VERSION
from dse.search.settings import StudySettings
from dse.search.store import Store
from hw_models.folding import Folding

INT4, E4M3, UINT5 = map(parse_format, ("int4", "e4m3", "uint5"))
ACCURACY = AccuracyContext(weights="w", data="d", calibration=100, seed=0)
COST = CostContext(shapes="s", coefficients="c", version=1)

SETTINGS = StudySettings(
    model="digits-cnn",
    data="digits",
    weights=(INT4, E4M3),
    acts=(INT4, E4M3),
    device="xcup",
    fps=1000.0,
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
HEADER = Header(
    settings=SETTINGS,
    accuracy=ACCURACY,
    accuracy_version=1,
    cost=COST,
    clock_mhz=250.0,
    foldings=((1, 2), (3, 4)),
    float_accuracy=FloatAccuracy(val_top1_pct=97.1, n_val=257, test_top1_pct=98.2, n_test=540),
    reference=ReferencePoint(error_pct=12.9, log2_cost=0.1 + 0.2),
    versions={"bitfront": "0.1.0", "torch": "2.13.0"},
)


def planned(weight: str, act: str, recipe: str = "none", pe: int = 1) -> PlannedPoint:
    point = DesignPoint(
        scheme=Scheme.uniform(LAYERS, parse_format(weight), parse_format(act), UINT5),
        recipe=Recipe.parse(recipe),
        foldings=(Folding(pe=pe, simd=1),) * 3,
        device="xcup",
        dsp="none",
    )
    accuracy_key, cost_key = point.accuracy_key(ACCURACY), point.cost_key(COST)
    return PlannedPoint(
        digest=joint_digest(accuracy_key, cost_key),
        accuracy_key=accuracy_key,
        cost_key=cost_key,
        point=point,
    )


def cost_row(cost_key: str, lut: int = 1000) -> CostRow:
    return CostRow(
        cost_key=cost_key,
        lut=lut,
        ff=10,
        dsp=1,
        bram18=2,
        weight_kib=3.5,
        lut_per_mac=45.25,
        ii_cycles=777,
        cost_source="analytical",
    )


POINTS = [planned(weight, act) for weight in ("int4", "e4m3") for act in ("int4", "e4m3")]
COSTS = [cost_row(point.cost_key, lut) for lut, point in enumerate(POINTS, start=100)]


@pytest.fixture
def folder(tmp_path):
    """A folder with a study of four points, two of them evaluated by run 1."""
    with writer_lock(tmp_path) as lock, Store.create(lock, HEADER) as store:
        store.plan(POINTS, COSTS)
        assert store.begin_run(HEADER.versions) == 1
        for point in (POINTS[2], POINTS[0]):
            store.add(point.accuracy_key, accuracy_of(point.point.quantization))
    return tmp_path


def test_header_comes_back_exactly(folder):
    with Store.open_readonly(folder) as store:
        assert store.header == HEADER
    assert Header.from_json(HEADER.to_json()) == HEADER
    with_shapes = replace(HEADER, shapes=FakeFactory().template())
    assert Header.from_json(with_shapes.to_json()) == with_shapes
    of_an_earlier_version = HEADER.to_json().replace('"log2_cost"', '"log2_lut"')
    assert "log2_lut" in of_an_earlier_version
    assert Header.from_json(of_an_earlier_version) == HEADER


def test_layers_of_all_evaluated_points_are_told(folder):
    with Store.open_readonly(folder) as store:
        frame = store.layers()
    shown = frame.itertuples(index=False, name=None)
    assert list(shown) == [
        (point.digest, layer.layer, layer.weight.name, layer.act.name, 1, 1)
        for point in (POINTS[0], POINTS[2])
        for layer in point.point.scheme.layers
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": {"weights": ["int99x"]}}'])
def test_a_header_that_is_none_is_refused(text):
    with pytest.raises(DataError, match="header cannot be read"):
        Header.from_json(text)


def test_only_the_study_is_left_in_the_folder(folder):
    assert [path.name for path in folder.iterdir()] == [DB_NAME]


def test_evaluations_are_the_points_with_both_parts_in_the_order_planned(folder):
    with Store.open_readonly(folder) as store:
        frame = store.evaluations()
        assert store.counts() == (4, 2)
    assert list(frame.digest) == [POINTS[0].digest, POINTS[2].digest]
    row = frame.iloc[1]
    expected = accuracy_of(POINTS[2].point.quantization)
    assert (row.weight_format, row.act_format) == ("e4m3", "int4")
    assert (row.weight_bits, row.act_bits) == (8, 4)
    assert (row.weight_family, row.act_family) == ("minifloat", "int")
    assert (row.recipe, row.signed, row.cost_source) == ("none", True, "analytical")
    assert (row.val_top1_pct, row.test_top1_pct) == (expected.val_top1_pct, expected.test_top1_pct)
    assert (row.n_test, row.lut, row.ff, row.dsp, row.bram18) == (N_TEST, 102, 10, 1, 2)
    assert (row.weight_kib, row.lut_per_mac, row.ii_cycles) == (3.5, 45.25, 777)
    correct = np.unpackbits(np.frombuffer(row.test_correct, np.uint8), count=N_TEST)
    assert 100.0 * correct.mean() == expected.test_top1_pct


def test_evaluations_have_the_documented_columns(folder):
    documented = (
        "digest weight_format act_format weight_bits act_bits weight_family act_family recipe "
        "val_top1_pct n_val test_top1_pct n_test lut ff dsp bram18 weight_kib lut_per_mac "
        "ii_cycles cost_source changed_weights_pct accuracy_key cost_key signed test_correct fps"
    )
    with Store.open_readonly(folder) as store:
        frame = store.evaluations()
    assert list(frame.columns) == documented.split()
    assert frame.signed.dtype == bool
    assert frame.lut.dtype == np.int64


def test_missing_points_are_those_without_accuracy_in_order(folder):
    with Store.open_readonly(folder) as store:
        assert store.missing() == [POINTS[1], POINTS[3]]


def test_points_with_equal_accuracy_keys_are_missing_and_evaluated_together(folder):
    twin = planned("int4", "e4m3", pe=2)
    assert twin.accuracy_key == POINTS[1].accuracy_key
    with writer_lock(folder) as lock, Store.open(lock) as store:
        store.plan([*POINTS, twin], [*COSTS, cost_row(twin.cost_key)])
        store.begin_run(HEADER.versions)
        assert store.missing() == [POINTS[1], POINTS[3]]
        store.add(twin.accuracy_key, accuracy_of(twin.point.quantization))
        assert store.missing() == [POINTS[3]]
        assert store.counts() == (5, 4)


def test_a_new_plan_reuses_accuracies_and_costs_by_their_keys(folder):
    other = planned("int4", "int4", pe=4)
    with writer_lock(folder) as lock, Store.open(lock) as store:
        store.plan([other, POINTS[3]], [cost_row(other.cost_key, lut=7), *COSTS])
        assert store.missing() == [POINTS[3]]
        assert list(store.evaluations().lut) == [7]
        store.plan(POINTS, COSTS)
        assert list(store.evaluations().lut) == [100, 102]


def test_an_accuracy_is_never_written_twice(folder):
    result = accuracy_of(POINTS[0].point.quantization)
    with writer_lock(folder) as lock, Store.open(lock) as store:
        store.begin_run(HEADER.versions)
        with pytest.raises(DataError, match="UNIQUE constraint"):
            store.add(POINTS[0].accuracy_key, result)
        assert store.computed_by_run() == {1: 2, 2: 0}


def test_a_point_is_found_by_its_digest(folder):
    with Store.open_readonly(folder) as store:
        assert store.point(POINTS[3].digest) == POINTS[3].point
        with pytest.raises(DataError, match="no point abc"):
            store.point("abc")


def test_readers_cannot_write(folder):
    with Store.open_readonly(folder) as store, pytest.raises(DataError, match="readonly"):
        store.plan([], [])


def test_a_reader_sees_what_a_running_study_has_committed(folder):
    with (
        writer_lock(folder) as lock,
        Store.open(lock) as writer,
        Store.open_readonly(folder) as reader,
    ):
        writer.begin_run(HEADER.versions)
        writer.add(POINTS[1].accuracy_key, accuracy_of(POINTS[1].point.quantization))
        assert reader.counts() == (4, 3)


def test_a_clock_that_is_put_back_changes_no_duration(folder, monkeypatch):
    years = iter(("2026", "2001", "1987"))
    monkeypatch.setattr("dse.search.store._now", lambda: f"{next(years)}-01-01T00:00:00+00:00")
    with writer_lock(folder) as lock, Store.open(lock) as store:
        store.begin_run(HEADER.versions, "")
        store.add(POINTS[1].accuracy_key, accuracy_of(POINTS[1].point.quantization))
        assert 0 < store.last_run().seconds < 3600
        store.end_run()
        assert store.last_run().finished < store.last_run().started
        assert 0 < store.last_run().seconds < 3600


def test_no_study_says_how_to_make_one(tmp_path):
    with pytest.raises(DataError, match=r"no study in .*: 'bitfront explore --out"):
        Store.open_readonly(tmp_path)
    assert list(tmp_path.iterdir()) == []


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(5000))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwritten_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\x55" * 4096
    path.write_bytes(content)


def another_program(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE header (json TEXT)")
    database.close()


@pytest.mark.parametrize(
    "damage",
    [garbage, empty, truncated, overwritten_page, another_program],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("writing", [False, True])
def test_a_damaged_study_is_named_and_left_alone(folder, damage, writing):
    path = folder / DB_NAME
    damage(path)
    before = path.read_bytes()
    with (
        writer_lock(folder) if writing else nullcontext() as lock,
        pytest.raises(DataError, match="damaged"),
    ):
        Store.open(lock) if lock else Store.open_readonly(folder)
    assert path.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [DB_NAME]


TABLES = {"header", "runs", "points", "accuracy", "cost", "ended"}


def held(folder: Path) -> list[tuple[object, ...]]:
    """Return every row of the study, after opening it as bitfront does."""
    Store.open_readonly(folder).close()
    with closing(sqlite3.connect(folder / DB_NAME)) as database:
        return [
            row for table in sorted(TABLES) for row in database.execute(f"SELECT * FROM {table}")
        ]


def test_every_row_has_a_sum(folder):
    with closing(sqlite3.connect(folder / DB_NAME)) as database:
        for table in TABLES:
            assert not database.execute(f"SELECT * FROM {table} WHERE crc IS NULL").fetchall()


def what_is_wrong(folder: Path, whole: list[tuple[object, ...]]) -> str:
    """Return why the study is refused; ``""``: it is not, for it holds what it held."""
    try:
        assert held(folder) == whole
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_byte_is_noticed_where_it_matters(folder, seed):
    path, whole = folder / DB_NAME, held(folder)
    content = path.read_bytes()
    rng = np.random.default_rng(seed)
    used = np.flatnonzero(np.frombuffer(content, np.uint8))  # most bytes of a small study are empty
    answers = []
    for position in rng.choice(used, 50, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        answers.append(what_is_wrong(folder, whole))
        assert path.read_bytes() == damaged
    refusals = [answer for answer in answers if answer]
    assert len(refusals) > 35
    assert all("damaged" in answer or "newer bitfront" in answer for answer in refusals)


def test_a_newer_schema_asks_for_an_upgrade(folder):
    with sqlite3.connect(folder / DB_NAME) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(DataError, match="a newer bitfront made it; upgrade bitfront"):
        Store.open_readonly(folder)


def test_a_draft_left_by_a_kill_is_no_study_and_does_no_harm(tmp_path):
    (tmp_path / f".{DB_NAME}.tmp").write_bytes(b"half a database")
    with pytest.raises(DataError, match="no study"):
        Store.open_readonly(tmp_path)
    with writer_lock(tmp_path) as lock, Store.create(lock, HEADER) as store:
        assert store.counts() == (0, 0)
    assert [path.name for path in tmp_path.iterdir()] == [DB_NAME]


@pytest.mark.parametrize(
    ("name", "value", "difference"),
    [
        ("device", "ecp5", "--device is xcup there, ecp5 here"),
        ("fps", 30.0, "--fps is 1000.0 there, 30.0 here"),
        ("weights", (INT4,), "--weights is int4,e4m3 there, int4 here"),
        ("edge_format", INT4, "--edge-format is none there, int4 here"),
        ("checkpoint_sha256", "a1" * 32, "--checkpoint is none there, a1a1a1a1a1a1… here"),
        ("unsigned_acts", True, "--unsigned-acts is off there, on here"),
    ],
)
def test_the_first_different_setting_is_named_as_its_option(name, value, difference):
    fields = {field: getattr(SETTINGS, field) for field in SETTINGS.__dataclass_fields__}
    assert SETTINGS.first_difference(StudySettings(**{**fields, name: value})) == difference
    assert SETTINGS.first_difference(StudySettings(**fields)) == ""


def test_settings_survive_json():
    plain = json.loads(json.dumps(SETTINGS.to_plain()))
    assert StudySettings.from_plain(plain) == SETTINGS


def test_settings_of_the_time_of_one_recipe_are_read():
    plain = SETTINGS.to_plain()
    before = {name: value for name, value in plain.items() if name not in ("recipes", "best_of")}
    assert StudySettings.from_plain(before | {"recipe": "none"}) == SETTINGS


def test_a_study_of_the_first_schema_is_read_as_it_is_and_brought_up_to_date_to_write(folder):
    with Store.open_readonly(folder) as store:
        expected = store.evaluations()
    with closing(sqlite3.connect(folder / DB_NAME)) as database:
        database.executescript(
            "ALTER TABLE accuracy DROP COLUMN changed_weights_pct; DROP TABLE ended;"
            "ALTER TABLE runs DROP COLUMN seconds; ALTER TABLE runs DROP COLUMN search;"
            + "".join(
                f"DROP INDEX {table}_unsealed; ALTER TABLE {table} DROP COLUMN crc;"
                for table in TABLES - {"ended"}
            )
            + "PRAGMA user_version = 1;"
        )
    old = (folder / DB_NAME).read_bytes()
    with Store.open_readonly(folder) as store:
        assert store.evaluations().equals(expected)
        assert (store.ended(), store.counts()) == ((), (4, 2))
        assert (store.last_run().seconds, store.last_run().search) == (0, "")
    assert (folder / DB_NAME).read_bytes() == old
    with writer_lock(folder) as lock, Store.open(lock) as store:
        assert store.evaluations().equals(expected)
        store.plan([planned("int8", "int8", recipe="gptq+bias")], [])
        store.begin_run({})
        (point,) = store.missing()
        store.add(point.accuracy_key, accuracy_of(point.point.quantization))
