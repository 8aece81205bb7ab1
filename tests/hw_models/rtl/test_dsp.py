"""Cells with DSP blocks: exact as written and after synthesis, and as many blocks as costed."""

from dataclasses import replace
from importlib import resources

import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.arith.cell import STYLES, Dot, Mac
from hw_models.arith.dsp import DspProducts, Entry, dsp_products
from hw_models.arith.product import product
from hw_models.cost.dot import dsp_sum_parts
from hw_models.cost.dsp import dsp_lut
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES
from hw_models.resources import total
from hw_models.rtl.dsp import dot_dsp_parameters, emit_dots, emit_mac_dsp
from hw_models.synth.flow import gates_job, library_setup, model_setup, netlist_gates_job
from hw_models.synth.proof import dot_mismatches, mismatches, shared_mismatches
from hw_models.synth.synthesis import synthesise
from hw_models.synth.yosys import Job, run_yosys

PAIRS = (
    ("int8", "int8"),
    ("int4", "uint4"),
    ("uint3", "int4"),
    ("e4m3", "e4m3"),
    ("e2m1", "e2m1"),
    ("int4", "e2m1"),
    ("e2m1", "int3"),
    ("e3m0", "ue2m2"),
    ("int8", "e4m3"),
    ("e1m2", "e5m1"),
)
CARRY_CELL = """
module CCU2C #(parameter [15:0] INIT0 = 0, INIT1 = 0, parameter INJECT1_0 = "", INJECT1_1 = "")
  (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT); endmodule
"""


def way_of(weight, act, device, count, entry=Entry.INTEGERS):
    shape = product(parse_format(weight), parse_format(act))
    return DspProducts(product=shape, block=DEVICES[device].dsp, entry=entry, count=count)


def renamed(design, name):
    text = design.text.replace(f"module {design.top} ", f"module {name} ")
    return replace(design, top=name, text=text)


@pytest.mark.parametrize(
    ("device", "some"), [("ecp5", PAIRS), ("xcup", PAIRS[::2]), ("ice40", PAIRS[1::2])]
)
def test_every_way_is_exact(device, some):
    """A multiply-accumulate over all pairs; products that share a block, beside each other."""
    style, block = STYLES[device][0], DEVICES[device].dsp
    designs, checks = [], []
    for weight, act in (map(parse_format, pair) for pair in some):
        ways = list(dsp_products(product(weight, act), block, 4))
        for way in ways:
            if way.count == 1:
                mac = Mac(weight=weight, act=act, terms=5)
                designs.append(emit_mac_dsp(mac, style, way, is_plain=True))
                checks.append((mismatches, (mac,)))
            elif way.is_halved or way.count == max(w.count for w in ways if w.entry is way.entry):
                dot = Dot(weight=weight, act=act, terms=5, lanes=1)
                if not way.is_halved:
                    designs.append(emit_dots(dot, way.count, style, way, is_plain=True))
                    checks.append((shared_mismatches, (dot, way.count)))
    designs = [renamed(design, f"cell_{i}") for i, design in enumerate(designs)]
    setup = (*model_setup(style), *library_setup(max(designs, key=lambda d: len(d.sources))))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        design.text.splitlines()[0]: count
        for design, (check, args) in zip(designs, checks, strict=True)
        if (count := check(netlist.modules[design.top], *args))
    }
    assert not wrong, f"{device}: operands that come out wrong: {wrong}"


@pytest.mark.parametrize(
    ("device", "weight", "act", "count", "entry"),
    [
        ("ecp5", "int8", "int8", 1, Entry.INTEGERS),
        ("ecp5", "int4", "int4", 3, Entry.INTEGERS),
        ("ecp5", "e4m3", "e4m3", 1, Entry.INTEGERS),
        ("ecp5", "e2m1", "e2m1", 2, Entry.INTEGERS),
        ("ice40", "int8", "int8", 2, Entry.INTEGERS),
        ("ice40", "e4m3", "e4m3", 2, Entry.SIGNIFICANDS),
        ("xc7", "int8", "int8", 2, Entry.INTEGERS),
        ("xcup", "int4", "int4", 4, Entry.INTEGERS),
    ],
)
def test_products_are_exact_after_synthesis(device, weight, act, count, entry):
    way, style = way_of(weight, act, device, count, entry), STYLES[device][0]
    dot = Dot(weight=parse_format(weight), act=parse_format(act), terms=64, lanes=1)
    design = emit_dots(dot, count, style, way)
    (netlist,) = run_yosys([netlist_gates_job(design, device)], library_setup(design))
    assert shared_mismatches(netlist.modules[netlist.top], dot, count) == 0


@pytest.mark.parametrize(
    ("device", "weight", "act", "count", "pe", "lanes"),
    [
        ("ecp5", "int6", "int6", 2, 3, 5),
        ("ecp5", "e2m1", "int4", 2, 2, 4),
        ("ice40", "int5", "uint8", 2, 2, 3),
    ],
)
def test_pipelined_sums_are_exact_after_synthesis_and_as_costed(
    device, weight, act, count, pe, lanes, tmp_path
):
    """Blocks and flip-flops exactly; here every LUT is counted, too."""
    way, style, target = (
        way_of(weight, act, device, count),
        STYLES[device][0],
        load_target(device, "auto"),
    )
    dot = Dot(
        weight=parse_format(weight),
        act=parse_format(act),
        terms=256,
        lanes=lanes,
        is_pipelined=True,
        product_registers=2,
    )
    design = emit_dots(dot, pe, style, way)
    (netlist,) = run_yosys([netlist_gates_job(design, device)], library_setup(design))
    assert dot_mismatches(netlist.modules[netlist.top], dot, beats=24, seed=1, pe=pe) == 0
    (found,) = synthesise([design], device, cache=tmp_path)
    costed = total(dsp_sum_parts(dot, way, target, pe))
    full, rest = divmod(pe, count)
    assert found.resources.dsp == lanes * (full + (rest > 0))
    assert found.resources.ff == costed.ff
    weights = tuple(target.coefficients.lane_weights.value.items())
    products = full * dsp_lut(way, style, weights) + rest * dsp_lut(way.sized(1), style, weights)
    assert found.resources.lut == pytest.approx(costed.lut + lanes * products, rel=0.03)


def test_a_wrong_spacing_is_noticed():
    way, style = way_of("int4", "int4", "ecp5", 2), STYLES["ecp5"][0]
    int4 = parse_format("int4")
    dot = Dot(weight=int4, act=int4, terms=5, lanes=1)
    design = emit_dots(dot, 2, style, way, is_plain=True)
    job = gates_job([design])
    broken = job.text.replace(".P_BITS(7)", ".P_BITS(6)")
    assert broken != job.text
    setup = (*model_setup(style), *library_setup(design))
    (netlist,) = run_yosys([replace(job, text=broken)], setup)
    assert shared_mismatches(netlist.modules[design.top], dot, 2) > 0


def test_blocks_have_two_registers():
    int4 = parse_format("int4")
    dot = Dot(weight=int4, act=int4, terms=9, lanes=3, is_pipelined=True, product_registers=3)
    with pytest.raises(DesignError, match="room for 2 registers, not 3"):
        dot_dsp_parameters(dot, STYLES["ecp5"][0], way_of("int4", "int4", "ecp5", 2))


@pytest.mark.parametrize(("device", "model"), [("ecp5", "mult18x18d"), ("ice40", "")])
def test_a_stricter_front_end_accepts_every_module(device, model, tmp_path):
    models = resources.files("hw_models.sim") / "models"
    jobs = []
    for number, (weight, act) in enumerate(PAIRS[1:6:2]):
        fmt = {"weight": parse_format(weight), "act": parse_format(act)}
        for way in dsp_products(product(**fmt), DEVICES[device].dsp, 2):
            if way.is_halved:
                continue
            dot = Dot(**fmt, terms=9, lanes=3, is_pipelined=True, product_registers=2)
            design = emit_dots(dot, 3, STYLES[device][0], way, is_plain=not model)
            path = tmp_path / f"{number}_{way.entry.value}_{way.count}.sv"
            path.write_text(design.text + CARRY_CELL)
            files = [*design.sources, path, *([models / f"{model}.sv"] if model else [])]
            command = f"read_slang -Werror --top {design.top} {' '.join(map(str, files))}"
            jobs.append(Job(label=design.top, top=design.top, text="", passes=(command,)))
    assert len(list(run_yosys(jobs))) == len(jobs) > 3
