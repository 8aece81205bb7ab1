"""How many registers products get: from measured delays, as few as the clock allows."""

from dataclasses import replace
from itertools import product as pairs

import pytest

from dse.formats import default_sweep, parse_format
from hw_models.arith.cell import STYLES, Style
from hw_models.arith.lane import Lane
from hw_models.arith.pipeline import (
    CLOCK_SHARE,
    pipelined_dot,
    product_registers,
    stage_delays_ns,
)
from hw_models.arith.product import product
from hw_models.devices import DEVICES

SWEEP = default_sweep()


def shape(name):
    return product(parse_format(name), parse_format(name))


@pytest.mark.parametrize("device", sorted(DEVICES))
def test_no_stage_is_too_slow_and_no_register_too_many(device):
    family = DEVICES[device]
    limit_ns = CLOCK_SHARE * 1e3 / family.clock_mhz
    for weight, act in pairs(SWEEP, repeat=2):
        for style in STYLES[device]:
            without = Lane(product=product(weight, act), style=style, in_mac=False)
            found = product_registers(without, family)
            lane = replace(without, registers=found)
            slowest_ns = max(stage_delays_ns(lane, family.delays))
            assert slowest_ns <= limit_ns or found == lane.most_registers
            assert slowest_ns <= 1e3 / family.clock_mhz
            if found:
                fewer = replace(lane, registers=found - 1)
                assert max(stage_delays_ns(fewer, family.delays)) > limit_ns


def test_stages_by_hand():
    """Four rows and three of INT8; E4M3 decodes before 3 rows, and has 3 stages and one choice."""
    delays = replace(DEVICES["ecp5"].delays, register_ns=1, row_ns=10, level_ns=100)
    int8 = Lane(product=shape("int8"), style=Style.ECP5, in_mac=False, registers=1)
    assert stage_delays_ns(int8, delays) == (41, 31)
    e4m3 = Lane(product=shape("e4m3"), style=Style.ECP5, in_mac=False)
    assert stage_delays_ns(e4m3, delays) == (1 + 30 + 500,)
    assert stage_delays_ns(replace(e4m3, registers=1), delays) == (131, 401)
    e3m0 = Lane(product=shape("e3m0"), style=Style.ECP5, in_mac=False, registers=1)
    assert stage_delays_ns(e3m0, delays) == (111, 201)  # no rows, but a sum of exponents
    table = Lane(product=shape("e2m1"), style=Style.XILINX, in_mac=False)
    assert stage_delays_ns(table, delays)[0] < 1000


def test_a_faster_clock_takes_more_registers():
    ecp5 = DEVICES["ecp5"]
    lane = Lane(product=shape("int8"), style=Style.ECP5, in_mac=False)
    found = [
        product_registers(lane, replace(ecp5, clock_mhz=clock_mhz))
        for clock_mhz in (25, 50, 100, 200, 1000)
    ]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] == 6  # as many as there is room for


def test_a_pipelined_dot_product_has_them():
    int8 = parse_format("int8")
    ecp5 = DEVICES["ecp5"]
    dot = pipelined_dot(int8, int8, terms=64, lanes=8, style=Style.ECP5, family=ecp5)
    lane = Lane(product=shape("int8"), style=Style.ECP5, in_mac=False)
    assert dot.product_registers == product_registers(lane, ecp5) > 0
    assert dot.latency_cycles == 2 + dot.product_registers + 3
