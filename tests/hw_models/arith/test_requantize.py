"""Requantizers against the tails they are derived from: every sum where sums are narrow."""

from dataclasses import replace

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.arith.requantize.lookup import lookup
from hw_models.arith.requantize.order import codes_by_place
from hw_models.arith.requantize.proof import differences
from hw_models.arith.requantize.thresholds import ThresholdUnit, bisection, threshold_units
from hw_models.graph import Requantize
from hw_models.tail import ordered_codes

CHANNELS = 6
KINDS = ["ties", "normal", "relu", "leaky", "sigmoid"]
OUTPUTS = [
    *("int1", "int3", "int4", "int5", "int8", "uint1", "uint4", "uint8", "int4n", "int8n"),
    *("e1m2", "e2m0", "e2m1", "e3m2", "e4m3", "e5m2", "ue2m2", "ue4m4"),
    *("e4m3fn", "e5m2ieee", "e4m3fnuz", "e2m1b4"),
]


def requantize(output, bits, channels=CHANNELS):
    return Requantize(
        name="q",
        channels=channels,
        vectors=1,
        accumulator_bits=bits,
        accumulator_lsb=1.0,
        output=parse_format(output),
    )


def all_sums(bits):
    limit = 1 << (bits - 1)
    return np.repeat(np.arange(1 - limit, limit)[:, None], CHANNELS, axis=1)


@pytest.mark.parametrize("output", OUTPUTS)
def test_places_are_the_order_of_values(output):
    act = parse_format(output)
    values = act.code_values()[codes_by_place(act)]
    finite = values[np.isfinite(values)]
    assert (np.diff(finite) >= 0).all()
    assert set(ordered_codes(act)) <= set(codes_by_place(act))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_thresholds_equal_the_tail_on_every_sum(output, kind, make_tail):
    for bits in (3, 10):
        tail = make_tail(output, bits, CHANNELS, kind, seed=bits)
        found = bisection(tail, requantize(output, bits))
        sums = all_sums(bits)
        assert (found.codes(sums) == tail.codes(sums)).all(), bits
        assert differences(found.codes, found.bounds, tail, bits) == ""


def test_channels_rise_and_fall(make_tail):
    tail = make_tail("int4", 10, CHANNELS, "normal")
    found = bisection(tail, requantize("int4", 10))
    assert 0 < found.is_reversed.sum() < CHANNELS
    assert found.is_reversed.tolist() == (tail.steps[0].weight < 0).tolist()


@pytest.mark.parametrize("bits", [25, 45, 70])
@pytest.mark.parametrize("kind", KINDS)
def test_one_wrong_threshold_of_wide_sums_is_found(bits, kind, make_tail):
    tail = make_tail("e4m3", bits, CHANNELS, kind)
    found = bisection(tail, requantize("e4m3", bits))
    assert differences(found.codes, found.bounds, tail, bits) == ""
    least, greatest = 1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1
    places = [(c, i) for c in range(CHANNELS) for i in range(255)]
    reached = [at for at in places if least < found.bounds[at] < greatest]
    assert len(reached) > 50
    channel, place = reached[len(reached) // 2]
    bounds = found.bounds.copy()
    bounds[channel, place] += 1
    row = bounds[channel]
    assert (row[1:] >= row[:-1]).all(), "still ascending"
    assert f"of channel {channel}" in differences(
        replace(found, bounds=bounds).codes, found.bounds, tail, bits
    )


def test_units_share_the_steps_among_the_cycles():
    int4 = parse_format("int4")
    assert threshold_units(int4, 3) == (
        ThresholdUnit(before=0, steps=3),
        ThresholdUnit(before=3, steps=1),
    )
    assert [unit.words for unit in threshold_units(int4, 1)] == [1, 2, 4, 8]
    assert [unit.words for unit in threshold_units(int4, 2)] == [4, 16]
    assert [unit.words for unit in threshold_units(int4, 100)] == [16]


def test_a_memory_holds_a_heap_of_middles(make_tail):
    found = bisection(make_tail("uint3", 8, CHANNELS, "relu"), requantize("uint3", 8))
    bound = [int(b) & 0xFF for b in found.bounds[0]]
    (whole,) = threshold_units(found.output, 3)
    assert found.words(whole, 0) == [0, bound[3], bound[1], bound[5], *bound[0::2]]
    first, second = threshold_units(found.output, 2)
    assert found.words(first, 0) == [0, bound[3], bound[1], bound[5]]
    assert found.words(second, 0) == bound[0::2]


@pytest.mark.parametrize("output", ["int4", "e2m1", "ue2m2"])
def test_tables_equal_the_tail_on_every_sum(output, make_tail):
    for kind in KINDS:
        tail = make_tail(output, 9, CHANNELS, kind)
        found = lookup(tail, requantize(output, 9))
        sums = all_sums(9)
        assert (found.codes(sums) == tail.codes(sums)).all()
        assert len(found.table) == CHANNELS


def test_equal_channels_share_a_table(make_tail):
    tail = make_tail("int4", 7, 1, "sigmoid")
    found = lookup(tail, requantize("int4", 7))
    assert found.table.shape == (1, 128)
    sums = all_sums(7)
    assert (found.codes(sums) == tail.codes(sums)).all()
