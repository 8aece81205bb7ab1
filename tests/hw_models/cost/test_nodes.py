from dataclasses import replace

import pytest

from dse.errors import UnmodelledError
from dse.formats import parse_format
from hw_models.arith.requantize.thresholds import threshold_units
from hw_models.cost.bisection import bisection_parts, threshold_memory
from hw_models.cost.node import node_parts
from hw_models.cost.scale_round import scale_round_parts
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Pace, node_ii_cycles
from hw_models.graph import Add, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.resources import Resources, total

XCUP = load_target("xcup", "none")
INT8 = parse_format("int8")


def parts(node, pe=1, simd=1, cycles=1, target=XCUP):
    pace = Pace(folding=Folding(pe=pe, simd=simd), cycles=cycles)
    return {part.name: part.resources for part in node_parts(node, pace, target)}


def test_mvau_by_hand(make_mvau):
    """64 products per output as 8 cycles of 8 lanes, 32 outputs in 8 rounds of 4."""
    mvau = make_mvau("int8", "int8", mw=64, mh=32)
    found = parts(mvau, pe=4, simd=8)
    assert found["products"].lut == 36 * 32  # as synthesised: Booth digits
    # products of up to 127 * 128 are 15 bits wide: 4 adders of 16, 2 of 17, one of 18
    tree = 4 * 16 + 2 * 17 + 18
    assert found["adder tree"] == Resources(lut=4 * tree, ff=4 * tree)
    assert found["accumulator"] == Resources(lut=4 * 21, ff=4 * 21)
    # 15 bits behind each product and 25 among its rows
    assert found["registers"] == Resources(ff=4 * 8 * (15 + 25))
    assert found["operands"].lut == 2  # enable and clear wait in a shift register each
    assert found["weights"].lut == 32 * 8
    assert found["input buffer"].lut == 8 * 5  # 8 words of 64 bits, 14 bits in 8 LUTs
    assert mvau.accumulator_bits == 21


def test_a_fully_unrolled_layer_has_no_weight_memory(make_mvau):
    found = parts(make_mvau(), pe=32, simd=64)
    assert "input buffer" not in found
    assert found["weights"].lut == found["weights"].bram18 == 0


def test_only_repeated_vectors_are_buffered(make_mvau):
    depthwise = make_mvau(mw=9, mh=32, groups=32, taps=9)
    assert "input buffer" not in parts(depthwise, pe=4, simd=1)
    grouped = make_mvau(mw=16, mh=32, groups=4)
    assert "input buffer" in parts(grouped, pe=4, simd=4)
    assert "input buffer" not in parts(grouped, pe=8, simd=4)


def test_every_pixel_of_a_beat_has_a_buffer_of_its_own():
    window = SlidingWindow(name="w", kernel=(3, 3), channels=4, height=16, width=16, act=INT8)
    ecp5 = load_target("ecp5", "none")
    narrow, wide = parts(window, simd=4, target=ecp5), parts(window, simd=36, target=ecp5)
    assert narrow["line buffer"].bram18 == 1
    assert wide["line buffer"].bram18 == 9
    assert "1 x 128 x 32" in _source(window, 4, "line buffer")
    assert "9 x 64 x 32" in _source(window, 36, "line buffer")
    assert narrow["padding"].lut == 0
    padded = replace(window, pads=(1, 1, 1, 1))
    assert parts(padded, simd=36, target=ecp5)["padding"].lut == 36 * 8


def _source(node, simd, name):
    pace = Pace(folding=Folding(pe=1, simd=simd))
    return next(p.source for p in node_parts(node, pace, XCUP) if p.name == name)


def requantize(output="int4", bits=24, channels=16):
    return Requantize(
        name="q",
        channels=channels,
        vectors=10,
        accumulator_bits=bits,
        accumulator_lsb=1.0,
        output=parse_format(output),
    )


def test_thresholds_by_hand():
    """Fifteen thresholds of 24 bits for 16 channels in one lane, four comparators of one step."""
    pace = Pace(folding=Folding(pe=1, simd=1), cycles=1)
    found = bisection_parts(requantize(), pace, load_target("ecp5", "none"))
    assert found[0].resources.lut == 4 * 26  # a comparison of 24 bits, and its sign
    # sums and thresholds in three stages and in one; bits found; code
    assert found[0].resources.ff == 4 * 3 * 24 + 4 * 24 + 3 * (3 + 2 + 1) + 4
    assert [part.source.split(" bit")[0] for part in found[1:-1]] == [
        "16 x 24", "32 x 24", "64 x 24", "128 x 24",
    ]  # fmt: skip


def test_portable_comparisons_invert_every_bit():
    pace = Pace(folding=Folding(pe=1, simd=1), cycles=1)
    found = bisection_parts(requantize(), pace, ICE40)
    assert found[0].resources.lut == 4 * (25 + 24)


def test_multiplications_by_hand():
    """A sum of 20 bits, scales of 23 bits in two rows, 16 channels in one lane."""
    pace = Pace(folding=Folding(pe=1, simd=1), cycles=12)

    def lut(target, channels=16, output="int8"):
        found = scale_round_parts(requantize(output, bits=20, channels=channels), pace, target)
        return found[0].resources.lut

    offset, totals, loads = 24, 2 * 26, 2 * 23 + 24 + 23  # a bias and a scale; a total and a scale
    assert lut(ECP5) == offset + totals + loads + 11 + 3 * 8 + 2  # 33 bits meet in 11 LUTs
    assert lut(ICE40) == 23 + 2 * (25 + 23) + loads + 11 + 3 * 8 + 1  # each row has gates
    # where 33 bits meet in 7 LUTs, and the lowest bit of a sum waits in a shift register
    assert lut(XCUP) == 23 + 2 * 25 + loads + 7 + 3 * 8 + 1 + 1
    assert lut(XCUP) - lut(XCUP, channels=1) == 2 * 23  # constants reset registers
    # E2M1: marks of 5 bits are complemented and shifted; a sum of 4 bits, 9 LUTs for limits
    assert lut(XCUP, output="e2m1") - lut(XCUP) == 5 * 2 + 4 + 9 - 3 * 8


def test_slow_sums_share_one_comparator_and_one_memory():
    pace = Pace(folding=Folding(pe=1, simd=1), cycles=4)
    found = bisection_parts(requantize(), pace, load_target("ecp5", "none"))
    assert found[0].resources.lut == 26 + 24  # and the way back
    assert [part.source.split(" bit")[0] for part in found[1:-1]] == ["256 x 24"]


def test_every_lane_has_its_thresholds():
    node = requantize()
    for pe in (1, 4, 16):
        pace = Pace(folding=Folding(pe=pe, simd=1), cycles=4)
        (unit,) = threshold_units(node.output, pace.cycles)
        assert threshold_memory(node, pace, unit).depth == 16 * 16 // pe


@pytest.mark.parametrize("output", ["int3", "int8", "e4m3", "e5m2", "uint8", "ue4m4"])
def test_requantizers_get_smaller_with_time_and_larger_with_width(output):
    def lut(bits, cycles):
        pace = Pace(folding=Folding(pe=1, simd=1), cycles=cycles)
        return total(bisection_parts(requantize(output, bits=bits), pace, XCUP)).lut

    assert lut(30, 1) > lut(20, 1) > 0
    assert lut(30, 1) >= lut(30, 4) >= lut(30, 100) > 0


def test_narrow_sums_are_looked_up():
    node = requantize("int4", bits=4, channels=8)
    assert "table of sums" in parts(node, pe=8)
    assert "comparators" in parts(requantize("int4", bits=12, channels=8), pe=8)


def pool(reduce=PoolKind.MAX, act="int8", stride=2):
    return Pool(
        name="p", reduce=reduce, kernel=(2, 2), stride=(stride, stride),
        channels=16, height=8, width=8, act=parse_format(act),
    )  # fmt: skip


ECP5, ICE40 = load_target("ecp5", "none"), load_target("ice40", "none")


def test_pools_by_hand():
    def lut(node):
        return parts(node, target=ECP5)["reducers"].lut

    assert lut(pool()) == 10 + 8  # a comparison of nine bits, a multiplexer
    assert lut(pool(act="e4m3")) == 10 + 8 + 2 * 7
    assert lut(pool(PoolKind.AVERAGE)) == 12  # an adder of eleven bits, which clears, too
    # E4M3: shifter 5 + 7 + 11 + 18 and sign 20, sum of four 18-bit magnitudes 21
    assert lut(pool(PoolKind.AVERAGE, act="e4m3")) == 41 + 20 + 22


def test_portable_pools_by_hand():
    def lut(node):
        return parts(node, target=ICE40)["reducers"].lut

    assert lut(pool()) == 9 + 8 + 8  # inverters in front of the comparison, a multiplexer
    near = replace(pool(), channels=2)
    assert lut(near) == 9 + 8 + 2 * 8  # the multiplexer in front inverts
    assert lut(pool(PoolKind.AVERAGE)) == 11 + 10  # an adder, ten bits cleared in front of it


@pytest.mark.parametrize(
    ("acts", "shifts", "lut"),
    [
        (("int8", "int8"), (0, 0), 8),  # the ninth bit adds the same two as the eighth
        (("uint4", "int3"), (0, 2), 2),  # two bits of both, one beyond
        (("int4", "uint2"), (0, 0), 2),
        (("int4", "int2"), (0, 0), 4),  # a sign beside the upper bits
        (("e2m1", "int4"), (1, 0), 4 + 5),  # four for the integer of E2M1
    ],
)
def test_additions_by_hand(acts, shifts, lut):
    node = Add(name="a", channels=1, vectors=1, acts=tuple(map(parse_format, acts)), shifts=shifts)
    assert parts(node)["adders"].lut == lut


def test_one_window_in_one_beat_needs_no_memory():
    whole = Pool(
        name="p", reduce=PoolKind.AVERAGE, kernel=(8, 8), stride=(8, 8),
        channels=16, height=8, width=8, act=INT8,
    )  # fmt: skip
    assert "partial results" not in parts(whole, pe=16)
    assert "partial results" in parts(whole, pe=8)


def test_overlapping_pools_are_unmodelled_not_free():
    with pytest.raises(UnmodelledError, match="p: no cost rule for a pool"):
        parts(pool(stride=1))


def test_unknown_kinds_of_nodes_are_unmodelled_not_free(make_mvau):
    pace = Pace(folding=Folding(pe=1, simd=1))
    with pytest.raises(UnmodelledError, match="object"):
        node_parts(object(), pace, XCUP)
    with pytest.raises(UnmodelledError, match="object"):
        node_ii_cycles(object(), pace)
    assert replace(make_mvau(), name="other").macs == make_mvau().macs
