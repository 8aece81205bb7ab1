"""Lines of scale-and-round requantizers against the tails they stand for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.formats import parse_format
from hw_models.arith.operand import operand
from hw_models.arith.requantize.marks import addresses, mark_bits, marks, rounded
from hw_models.arith.requantize.order import codes_by_place
from hw_models.arith.requantize.proof import differences
from hw_models.arith.requantize.scale_fit import scale_round
from hw_models.arith.requantize.scale_round import can_scale, first_bits
from hw_models.arith.requantize.thresholds import bisection
from hw_models.graph import Requantize
from hw_models.tail import BatchNorm, Clip, OutputQuantizer, Shift, Tail

CHANNELS = 6
MINIFLOATS = [
    *("e1m2", "e1m6", "e2m0", "e2m1", "e2m5", "e3m2", "e3m4", "e4m0", "e4m3"),
    *("ue1m3", "ue2m6", "ue3m5", "ue4m4", "e2m1b4"),
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


def near_sums(bounds, bits, rng):
    """Sums at many distances from the bounds, from neighbours on, shape `(n, channels)`."""
    distances = [*range(-5, 7), *(s << e for e in range(3, bits - 1) for s in (-1, 1))]
    distances += [int(d) for e in range(4, bits - 1) for d in rng.integers(-1 << e, 1 << e, 4)]
    sums = np.concatenate([bounds + d for d in distances], axis=1).T
    greatest = (1 << (bits - 1)) - 1
    return np.clip(sums, -greatest, greatest).astype(np.int64)


@pytest.mark.parametrize("name", MINIFLOATS)
def test_marks_are_the_middles_in_half_steps(name):
    act = parse_format(name)
    values = act.code_values()[codes_by_place(act)]
    half_step = np.abs(values[values != 0]).min() / 2
    middles = (values[1:] + values[:-1]) / 2 / half_step
    found = marks(act, 0)
    both_zeros = np.flatnonzero(middles == 0)
    assert len(both_zeros) == operand(act).is_signed
    assert (np.delete(found, both_zeros) == np.delete(middles, both_zeros)).all()
    assert (found[both_zeros] == -1).all()
    assert int(act.code_values().max() / half_step).bit_length() == mark_bits(act)


@pytest.mark.parametrize("name", MINIFLOATS)
def test_rounding_counts_the_marks_below(name):
    act = parse_format(name)
    reach = min(1 << (mark_bits(act) + 1), 1 << 16)
    whole = np.arange(-reach, reach)
    found, top = marks(act, 0), 1 << (act.bits - 1) if operand(act).is_signed else 0
    base, up, is_mark = rounded(act, whole)
    magnitude = np.minimum(base + up, ((1 << act.bits) - 1) ^ top)
    place = top + np.where(whole < 0, ~magnitude, magnitude)
    expected = np.searchsorted(found, whole, side="right")
    is_zero = expected == top  # reached at -1: the places of -0 and +0
    assert (np.maximum(place, 0)[~is_zero] == expected[~is_zero]).all()
    assert (magnitude[is_zero] == 0).all() or not top
    inside = is_mark & (magnitude < ((1 << act.bits) - 1) ^ top)
    assert set(whole[inside & ((whole >= 0) | bool(top))]) <= set(found)
    table = np.zeros(1 << act.bits, dtype=np.int64)
    table[addresses(act, 0)] = found
    address = np.where(whole < 0, top | base, base)
    shown = np.isin(whole, found) & (whole < found[-1])
    assert is_mark[shown].all()
    assert (table[address[shown]] == whole[shown]).all()


LINES = [
    *("int8", "uint8", "int6", "int8n", "uint5"),
    *("e1m2", "e1m6", "e2m1", "e2m5", "e3m2", "e3m3", "ue2m6", "ue3m2", "e2m1b4"),
]


@pytest.mark.parametrize("output", LINES)
@pytest.mark.parametrize("kind", ["ties", "relu", "steep"])
def test_lines_equal_the_tail_on_every_sum(output, kind, make_tail):
    tail = make_tail(output, 14, CHANNELS, kind, seed=2)
    thresholds = bisection(tail, requantize(output, 14))
    line = scale_round(thresholds)
    assert line is not None
    sums = np.repeat(np.arange(1 - (1 << 13), 1 << 13)[:, None], CHANNELS, axis=1)
    assert (line.codes(sums) == tail.codes(sums)).all()
    assert differences(line.codes, thresholds.bounds, tail, 14) == ""


def test_half_to_even_needs_the_table(make_tail):
    for output in ("int8", "e3m3"):
        tail = make_tail(output, 14, CHANNELS, "ties", seed=2)
        thresholds = bisection(tail, requantize(output, 14))
        line = scale_round(thresholds)
        always = replace(line, first=np.zeros_like(line.first))
        assert differences(always.codes, thresholds.bounds, tail, 14) != ""


WIDE = [
    *(("int8", 16), ("int8", 22), ("int8n", 28), ("e2m5", 20), ("e3m4", 23), ("e3m4", 29)),
    *(("e4m3", 30), ("e4m3", 43), ("e4m3fn", 36), ("ue4m3", 45), ("ue3m5", 31), ("e3m2", 27)),
]


@pytest.mark.parametrize(("output", "bits"), WIDE)
@pytest.mark.parametrize("kind", ["steep", "relu"])
def test_lines_of_wide_sums_are_proven(output, bits, kind, make_tail):
    """Sums of layers do not fill the range of their formats; the table relies on it."""
    tail = make_tail(output, bits - 4 if bits > 22 else bits, CHANNELS, kind, seed=1)
    thresholds = bisection(tail, requantize(output, bits))
    line = scale_round(thresholds)
    assert line is not None
    assert differences(line.codes, thresholds.bounds, tail, bits) == ""
    sums = near_sums(thresholds.bounds, bits, np.random.default_rng(bits))
    assert (line.codes(sums) == tail.codes(sums)).all()


@pytest.mark.parametrize(("output", "bits"), [("int8", 22), ("e2m5", 20), ("e4m3", 30)])
def test_one_wrong_number_is_found(output, bits, make_tail):
    tail = make_tail(output, bits - 4 if bits > 22 else bits, CHANNELS, "steep", seed=1)
    thresholds = bisection(tail, requantize(output, bits))
    line = scale_round(thresholds)
    for name in ("scales", "offsets"):
        numbers = getattr(line, name).copy()
        numbers[3] += numbers[3] // 64 + 8
        wrong = replace(line, **{name: numbers})
        assert "of channel 3" in differences(wrong.codes, thresholds.bounds, tail, bits)
    found = 0
    for address in range(1 << line.output.bits):
        first = line.first.copy()
        first[2, address] ^= 1 << (first_bits(bits) - 1)
        wrong = differences(replace(line, first=first).codes, thresholds.bounds, tail, bits)
        assert wrong == "" or "of channel 2" in wrong
        found += wrong != ""
    assert found  # other marks are not reached too early


def test_curves_are_no_lines(make_tail):
    for output in ("int8", "e3m4"):
        for kind in ("sigmoid", "leaky"):
            tail = make_tail(output, 14, CHANNELS, kind)
            assert scale_round(bisection(tail, requantize(output, 14))) is None


def test_float32_is_too_coarse_for_wide_formats():
    assert can_scale(parse_format("uint8"), 20)
    assert can_scale(parse_format("e4m3"), 43)
    assert not can_scale(parse_format("e5m2"), 43)
    assert not can_scale(parse_format("e4m3"), 60)


@st.composite
def _tails(draw):
    """A tail of `CHANNELS` channels, its output format and the bits of its sums."""
    names = ["int8", "uint8", "int4", "e4m3", "e3m4", "e2m5", "ue4m4", "ue3m5", "e4m3fn", "e2m3"]
    output, bits = parse_format(draw(st.sampled_from(names))), draw(st.integers(8, 46))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    spare = draw(st.integers(0, 6))

    def some(low, high):
        return rng.uniform(low, high, CHANNELS).astype(np.float32)

    steps = []
    if draw(st.booleans()):
        steps.append(Shift(some(-0.4, 0.4)))
    if draw(st.booleans()):
        weight = some(0.3, 1.5) * rng.choice([-1, 1], CHANNELS).astype(np.float32)
        steps.append(
            BatchNorm(
                weight=weight,
                bias=some(-0.2, 0.2),
                mean=some(-0.2, 0.2),
                variance=some(0.5, 2),
                epsilon=1e-5,
            )
        )
    if draw(st.booleans()):
        steps.append(Clip(low=0.0, high=draw(st.sampled_from([np.inf, 0.5]))))
    scale = (some(0.3, 2) * 2.0 ** (1 + spare - bits)).astype(np.float32)
    quantizer = OutputQuantizer(format=output, scale=float(np.float32(0.7 / output.max)))
    return Tail(scale=scale, steps=tuple(steps), output=quantizer), output.name, bits


@settings(max_examples=60, deadline=None)
@given(case=_tails())
def test_a_line_that_is_found_is_exact(case):
    tail, output, bits = case
    thresholds = bisection(tail, requantize(output, bits))
    line = scale_round(thresholds) if can_scale(parse_format(output), bits) else None
    if line is not None:
        assert differences(line.codes, thresholds.bounds, tail, bits) == ""
        sums = near_sums(thresholds.bounds, bits, np.random.default_rng(bits))
        assert (line.codes(sums) == tail.codes(sums)).all()
