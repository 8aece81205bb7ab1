"""Cells with floating-point accumulators against exact sums, rounded once."""

from dataclasses import replace

import numpy as np
import pytest

from dse.formats import default_sweep, parse_format
from hw_models.arith.cell import STYLES, Style
from hw_models.arith.float_accumulator import FP16, FP32, FloatFormat, FloatMac
from hw_models.rtl.float_mac import emit_float_dot, emit_float_mac
from hw_models.synth.flow import gates_job, library_setup, model_setup, netlist_gates_job
from hw_models.synth.netlist import GateSimulator
from hw_models.synth.proof import planes
from hw_models.synth.yosys import run_yosys

DTYPE = {"fp16": (np.float16, np.uint16), "fp32": (np.float32, np.uint32)}


def infinity(float_format):
    return ((1 << float_format.exponent_bits) - 1) << float_format.mantissa_bits


def integer(float_format, code):
    """Return what a finite code stands for, in units of the least subnormal number."""
    field = code >> float_format.mantissa_bits & ((1 << float_format.exponent_bits) - 1)
    mantissa = code & ((1 << float_format.mantissa_bits) - 1)
    magnitude = (mantissa | (field > 0) << float_format.mantissa_bits) << max(field - 1, 0)
    return -magnitude if code >> (float_format.bits - 1) else magnitude


def encode(float_format, value, exponent):
    """Return the code of value * 2^exponent, rounded half to even; zero is +0."""
    units = abs(value) << max(exponent - float_format.lsb_exponent, 0)
    below = max(float_format.lsb_exponent - exponent, 0)
    drop = below + max(units.bit_length() - below - float_format.significand_bits, 0)
    kept, rest = units >> drop, units & ((1 << drop) - 1)
    kept += 2 * rest + (kept & 1) > 1 << drop
    # The hidden bit counts up the exponent field, as does a carry into the bit above it.
    code = min(((drop - below) << float_format.mantissa_bits) + kept, infinity(float_format))
    return code | (value < 0 and code > 0) << (float_format.bits - 1)


def step(float_format, code, product, exponent):
    """Return the code of acc + product * 2^exponent; Inf stays."""
    if code & infinity(float_format) == infinity(float_format):
        return code
    low = min(exponent, float_format.lsb_exponent)
    value = integer(float_format, code) << (float_format.lsb_exponent - low)
    return encode(float_format, value + (product << (exponent - low)), low)


def codes_of(number_format):
    """Return the finite codes of a format and their values."""
    values = number_format.code_values()
    codes = np.flatnonzero(np.isfinite(values))
    return codes, values[codes]


def rounded_sums(float_format, codes, products):
    """Return the codes of acc + product, for many at once.

    The float64 sum is rounded to odd, so that converting it rounds as the exact sum would (Boldo
    and Melquiond, IEEE Trans. Computers 57, 2008).
    """
    real, raw = DTYPE[float_format.name]
    acc = codes.astype(raw).view(real).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        total = acc + products
        part = total - acc
        error = (acc - (total - part)) + (products - part)
        inexact = np.isfinite(acc) & (error != 0) & (total.view(np.int64) & 1 == 0)
        toward = np.where(error > 0, np.inf, -np.inf)
        result = np.where(inexact, np.nextafter(total, toward), total).astype(real)
    return np.where(result == 0, 0, result.view(raw)).astype(np.int64)


@pytest.mark.parametrize("float_format", [FP16, FP32], ids=lambda f: f.name)
def test_both_references_agree(float_format):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 1 << float_format.bits, 20_000)
    codes = codes[codes & infinity(float_format) != infinity(float_format)]
    integers = rng.integers(-(1 << 16), 1 << 16, len(codes)) >> rng.integers(0, 16, len(codes))
    exponents = rng.integers(-20, 40, len(codes)) + float_format.lsb_exponent
    found = rounded_sums(float_format, codes, np.ldexp(integers.astype(np.float64), exponents))
    triples = zip(codes.tolist(), integers.tolist(), exponents.tolist(), strict=True)
    assert found.tolist() == [step(float_format, *triple) for triple in triples]


def states(mac, products, rng):
    """Return accumulators worth adding `products` to: sums of products, or any if allowed.

    Half of them nearly cancel the product, or are so much greater that it is about half their lsb.
    """
    float_format = mac.accumulator
    real, raw = DTYPE[float_format.name]
    lsb, count = 2.0**mac.lsb_exponent, len(products)
    spread = rng.uniform(0, 60, count)
    anything = rng.choice([-1.0, 1.0], count) * np.exp2(spread) * lsb
    near = -products * np.exp2(rng.integers(-1, float_format.significand_bits + 3, count))
    near += rng.integers(-3, 4, count) * lsb
    cancelling = rng.integers(-3, 4, count) * lsb - products
    kind = rng.integers(0, 4, count)
    with np.errstate(over="ignore"):
        value = np.choose(kind, [anything, anything, near, cancelling]).astype(real)
        value = (np.trunc(value.astype(np.float64) / lsb) * lsb).astype(real)
    codes = value.view(raw).astype(np.int64)
    if mac.any_state:
        any_code = rng.integers(0, 1 << float_format.bits, count)
        small = ~(infinity(float_format) & ~(7 << float_format.mantissa_bits))
        any_code = np.where(rng.integers(0, 2, count) > 0, any_code, any_code & small)
        codes = np.where(kind == 0, any_code, codes)
    special = codes & infinity(float_format) == infinity(float_format)
    codes = np.where(
        special, codes >> float_format.mantissa_bits << float_format.mantissa_bits, codes
    )
    if not mac.has_infinities:
        codes[special] = 0
    codes[codes == 1 << (float_format.bits - 1)] = 0
    return codes


def wrong_sums(module, float_format, inputs, before, loaded, added):
    """Return how many sums `module` gets wrong: loading, adding, holding."""
    acc = planes(before, float_format.bits)
    simulator = GateSimulator(module)
    ones = np.full((1, acc.shape[1]), ~np.uint64(0))
    wrong = np.zeros(acc.shape[1], np.uint64)
    for clr, en, after in ((ones, ones, loaded), (~ones, ones, added), (ones, ~ones, before)):
        state = simulator.clock(
            {**inputs, "clr": clr, "en": en}, simulator.registered({"acc": acc})
        )
        difference = simulator.output("acc", state) ^ planes(after, float_format.bits)
        wrong |= np.bitwise_or.reduce(difference, axis=0)
    return int(np.unpackbits(wrong.view(np.uint8), bitorder="little")[: len(before)].sum())


def mismatches(module, mac, repeats, seed=0):
    """Return how many of all operand pairs, `repeats` times, `module` gets wrong."""
    a_codes, a_values = codes_of(mac.act)
    w_codes, w_values = codes_of(mac.weight.narrow())
    products = np.tile(np.outer(a_values, w_values).ravel(), repeats)
    before = states(mac, products, np.random.default_rng(seed))
    inputs = {
        "a": planes(np.tile(np.repeat(a_codes, len(w_codes)), repeats).tolist(), mac.act.bits),
        "w": planes(np.tile(w_codes, len(a_codes) * repeats).tolist(), mac.weight.bits),
    }
    loaded = rounded_sums(mac.accumulator, np.zeros_like(before), products)
    added = rounded_sums(mac.accumulator, before, products)
    return wrong_sums(
        module, mac.accumulator, inputs, before.tolist(), loaded.tolist(), added.tolist()
    )


def cell(pair, float_format, *, any_state=False):
    weight, act = (parse_format(name) for name in pair.split("*"))
    return FloatMac(weight=weight, act=act, accumulator=float_format, any_state=any_state)


def assert_exact(macs, repeats, style=Style.PORTABLE):
    designs = [emit_float_mac(mac, style) for mac in macs]
    setup = (*model_setup(style), *library_setup(designs[0]))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        mac.name: count
        for mac, design in zip(macs, designs, strict=True)
        if (count := mismatches(netlist.modules[design.top], mac, repeats))
    }
    assert not wrong, f"sums that come out wrong: {wrong}"


def both(*pairs, any_state=(False, True)):
    return [
        cell(pair, float_format, any_state=state)
        for pair in pairs
        for float_format in (FP16, FP32)
        for state in any_state
    ]


def test_narrow_formats_over_all_pairs_and_many_accumulators():
    narrow = ("e2m1*e2m1", "int4*int4", "e3m0*e3m0", "e5m0*e2m1", "uint4*e1m2", "int3*ue2m2")
    assert_exact(both(*narrow), repeats=16)
    assert_exact(both("e3m2*e3m2", "e2m3*e4m1"), repeats=4)


@pytest.mark.parametrize("pair", ["e4m3*e4m3", "e5m2*e5m2"])
def test_eight_bits_over_all_pairs(pair):
    assert_exact(both(pair), repeats=2)


def test_wide_significands_over_all_pairs():
    """A product wider than the accumulator's significand: negative differences are rounded."""
    assert_exact([cell("int8*uint8", FP16), cell("e2m5*e2m5", FP16)], repeats=1)
    assert_exact(both("int6*int6", "int7*e2m3", any_state=(False,)), repeats=2)


def test_every_format_of_the_sweep_with_itself():
    formats = [f for f in default_sweep() if f.bits < 7]
    macs = [
        FloatMac(weight=f, act=f, accumulator=accumulator)
        for f in formats
        for accumulator in (FP16, FP32)
    ]
    assert_exact(macs, repeats=1)


TINY = FloatFormat(name="tiny", exponent_bits=4, mantissa_bits=3)
TINIER = FloatFormat(name="tinier", exponent_bits=3, mantissa_bits=2)


def every_sum(mac, module):
    """Return how many of all operand pairs and all accumulators `module` gets wrong."""
    float_format = mac.accumulator
    finite = infinity(float_format)
    sign = 1 << (float_format.bits - 1)
    unit = max(mac.lsb_exponent - float_format.lsb_exponent, 0)
    codes = [
        code
        for magnitude in range(finite + mac.has_infinities)
        for code in ({magnitude, magnitude | sign} if magnitude else {0})
        if mac.any_state
        or magnitude == finite
        or integer(float_format, magnitude) % (1 << unit) == 0
    ]
    a_codes, a_values = codes_of(mac.act)
    w_codes, w_values = codes_of(mac.weight.narrow())
    lsb = 2.0**mac.lsb_exponent
    products = [int(a * w / lsb) for a in a_values for w in w_values]
    size = len(codes)
    inputs = {
        "a": planes(np.repeat(a_codes, len(w_codes) * size).tolist(), mac.act.bits),
        "w": planes(np.tile(np.repeat(w_codes, size), len(a_codes)).tolist(), mac.weight.bits),
    }
    loaded = [encode(float_format, p, mac.lsb_exponent) for p in products for _ in codes]
    added = [step(float_format, code, p, mac.lsb_exponent) for p in products for code in codes]
    return wrong_sums(module, float_format, inputs, codes * len(products), loaded, added)


@pytest.mark.parametrize("style", Style)
def test_tiny_accumulators_over_everything(style):
    """All operands and all states: every tie, cancellation, subnormal number and overflow."""
    pairs = ("e2m1*e2m1", "int3*int3", "e3m0*e2m0", "e3m1*int2", "e2m2b2*uint2")
    macs = [
        replace(cell(pair, float_format), any_state=state)
        for pair in pairs
        for float_format in ((TINY, TINIER) if style is Style.PORTABLE else (TINIER,))
        for state in (False, True)
    ]
    designs = [emit_float_mac(mac, style) for mac in macs]
    setup = (*model_setup(style), *library_setup(designs[0]))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        mac.name: count
        for mac, design in zip(macs, designs, strict=True)
        if (count := every_sum(mac, netlist.modules[design.top]))
    }
    assert not wrong, f"sums that come out wrong: {wrong}"


@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_a_cell_is_exact_after_synthesis(device):
    mac = cell("e2m1*e2m1", TINY)
    design = emit_float_mac(mac)
    (netlist,) = run_yosys([netlist_gates_job(design, device)], library_setup(design))
    assert every_sum(mac, netlist.modules[netlist.top]) == 0


@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_8_bit_cells_are_exact_after_synthesis(device):
    """All operand pairs, each beside one accumulator that is worth adding to, drawn by a seed."""
    style = STYLES[device][0]
    macs = [cell("e4m3*e4m3", FP16), cell("int8*int8", FP32)]
    designs = [emit_float_mac(mac, style) for mac in macs]
    jobs = [netlist_gates_job(design, device) for design in designs]
    netlists = run_yosys(jobs, library_setup(designs[0]))
    for mac, netlist in zip(macs, netlists, strict=True):
        assert mismatches(netlist.modules[netlist.top], mac, repeats=1, seed=3) == 0, mac.name


def integers_of(number_format):
    codes, values = codes_of(number_format)
    return codes, [int(value) for value in values / number_format.lsb]


def wrong_streams(module, mac, beats=24, streams=64, seed=0):
    """Return how many random streams of beats a dot product gets wrong; half hold extremes only."""
    rng = np.random.default_rng(seed)
    simulator, state = GateSimulator(module), {}
    ones = np.full((1, -(-streams // 64)), ~np.uint64(0))
    sums, wrong = [0] * streams, np.zeros(ones.shape[1], np.uint64)
    for beat in range(beats):
        starts = beat == 0 or rng.random() < 0.1
        inputs, operands = {"en": ones, "clr": ones if starts else ~ones}, []
        for port, side in (("a", mac.act), ("w", mac.weight.narrow())):
            codes, values = integers_of(side)
            picks = rng.integers(0, len(codes), (streams, mac.lanes))
            edges = [int(np.argmin(values)), int(np.argmax(values))]
            picks[1::2] = rng.choice(edges, picks[1::2].shape)
            bits = side.bits
            words = [sum(int(codes[k]) << (i * bits) for i, k in enumerate(row)) for row in picks]
            inputs[port] = planes(words, mac.lanes * bits)
            operands.append([[values[k] for k in row] for row in picks])
        state = simulator.clock(inputs, state)
        for i, (a, w) in enumerate(zip(*operands, strict=True)):
            dot = sum(x * y for x, y in zip(a, w, strict=True))
            sums[i] = step(mac.accumulator, 0 if starts else sums[i], dot, mac.lsb_exponent)
        truth = planes(sums, mac.accumulator.bits)
        wrong |= np.bitwise_or.reduce(simulator.output("acc", state) ^ truth, axis=0)
    return int(np.unpackbits(wrong.view(np.uint8), bitorder="little")[:streams].sum())


DOTS = [
    replace(cell(pair, float_format), lanes=lanes)
    for pair, lanes in (
        ("e4m3*e4m3", 3),
        ("int8*int8", 8),
        ("e2m1*e2m1", 5),
        ("e5m2*e5m2", 2),
        ("int4*e3m2", 4),
        ("uint4*ue2m2", 3),
    )
    for float_format in (FP16, FP32)
]


@pytest.mark.parametrize("style", Style)
def test_dot_products_round_once_a_beat(style):
    dots = DOTS if style is Style.PORTABLE else DOTS[:4]
    designs = [emit_float_dot(dot, style) for dot in dots]
    setup = (*model_setup(style), *library_setup(designs[0]))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        dot.name: count
        for dot, design in zip(dots, designs, strict=True)
        if (count := wrong_streams(netlist.modules[design.top], dot))
    }
    assert not wrong, f"{style}: streams that come out wrong: {wrong}"


def test_a_stricter_front_end_reads_the_same(tmp_path):
    for pair, float_format in (("e2m1*e2m1", TINY), ("int3*int3", TINY), ("int3*uint2", TINIER)):
        mac = cell(pair, float_format)
        design = emit_float_mac(mac)
        path = tmp_path / "top.sv"
        path.write_text(design.text)
        files = " ".join(map(str, (*design.sources, path)))
        read = f"read_slang -Werror --top {design.top} {files}"
        job = gates_job([design])
        (netlist,) = run_yosys([replace(job, text="", passes=(read, *job.passes))])
        assert every_sum(mac, netlist.modules[design.top]) == 0


@pytest.mark.parametrize(
    ("pair", "float_format", "change"),
    [
        ("int4*int4", FP32, (".OFFSET(", ".OFFSET(1+")),
        ("e5m0*e2m1", FP16, (".SUBNORMALS(1)", ".SUBNORMALS(0)")),
        ("e3m2*e3m2", FP16, (".INFINITIES(1)", ".INFINITIES(0)")),
        ("int7*int7", FP16, (".NEGATE(1)", ".NEGATE(0)")),
    ],
)
def test_a_broken_cell_is_noticed(pair, float_format, change):
    mac = cell(pair, float_format)
    design = emit_float_mac(mac)
    job = gates_job([design])
    broken = job.text.replace(*change)
    assert broken != job.text
    (netlist,) = run_yosys([replace(job, text=broken)], library_setup(design))
    assert mismatches(netlist.modules[design.top], mac, repeats=2) > 0


@pytest.mark.parametrize("float_format", [FP16, FP32], ids=lambda f: f.name)
def test_sums_stop_growing_where_overflow_is_ruled_out(float_format):
    for number_format in default_sweep():
        mac = FloatMac(weight=number_format, act=number_format, accumulator=float_format)
        if mac.has_infinities:
            continue
        greatest = number_format.narrow().max_integer * number_format.max_integer
        highest = mac.exponents[1] + float_format.significand_bits + 1
        code = highest << float_format.mantissa_bits
        assert step(float_format, code, greatest, mac.lsb_exponent) == code
