"""Lanes synthesised together: the counts they give alone, and a memory of them."""

import pytest

from dse.formats import parse_format
from hw_models.arith.cell import Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.calibration import lanes as module
from hw_models.calibration.lanes import measure_lanes
from hw_models.cost.measured import lane_rows

PAIRS = [("int3", "int3"), ("e2m1", "int4"), ("e2m1", "e2m1")]


def lane(weight, act):
    shape = product(parse_format(weight), parse_format(act))
    return Lane(product=shape, style=Style.ECP5, in_mac=False)


def run(cache, pairs=PAIRS, steps=None):
    def progress(step, done, total):
        if steps is not None:
            steps.append((done, total))

    found = [lane(*pair) for pair in pairs]
    return measure_lanes(found, "ecp5", processes=1, progress=progress, cache=cache)


def test_counts_are_those_of_the_tables_and_are_remembered(tmp_path, monkeypatch):
    steps = []
    first = run(tmp_path, steps=steps)
    table = lane_rows("ecp5", Style.ECP5)
    assert [count.lut for count in first] == [table[lane(*pair)].lut for pair in PAIRS]
    assert steps == [(0, 3), (3, 3)]

    def refuse(*args, **kwargs):
        raise AssertionError("synthesised again")

    monkeypatch.setattr(module, "run_yosys", refuse)
    assert run(tmp_path, pairs=PAIRS[::-1]) == first[::-1]


def test_damaged_lines_are_synthesised_again(tmp_path):
    first = run(tmp_path, pairs=PAIRS[:1])
    path = tmp_path / "ecp5.csv"
    key = path.read_text().split(",")[0]
    path.write_text(f"{key},12\nnonsense\n{key},x,y,z\n")
    assert run(tmp_path, pairs=PAIRS[:1]) == first


def test_other_rtl_is_another_entry(tmp_path, monkeypatch):
    run(tmp_path, pairs=PAIRS[:1])
    monkeypatch.setattr(module, "version", lambda: "another")
    run(tmp_path, pairs=PAIRS[:1])
    assert len((tmp_path / "ecp5.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["ecp5", "xcup", "ice40"])
def test_tables_hold_every_pair_once(name):
    from hw_models.cost.measured import load_rows

    keys = [(r.cell, r.weight, r.act, r.terms, r.lanes) for r in load_rows(name)]
    assert len(set(keys)) == len(keys)
    assert all(row.tool == "yosys" and row.version for row in load_rows(name))
