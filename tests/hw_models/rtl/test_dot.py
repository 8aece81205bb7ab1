"""Dot products: every style, odd and even lane counts, with and without pipeline."""

import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.arith.cell import Dot, Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.rtl.cell import emit_dot
from hw_models.synth.flow import gates_job, library_setup, model_setup
from hw_models.synth.proof import dot_mismatches
from hw_models.synth.yosys import run_yosys

PAIRS = [
    ("int8", "int8"),
    ("e4m3", "e4m3"),
    ("e2m1", "e2m1"),
    ("int4", "e4m3"),
    ("uint3", "ue2m2"),
]


# Rows of every kind between the registers: signed, unsigned, mixed; long, none; with a shifter.
DEEP_PAIRS = [
    ("int8", "int8"),
    ("uint6", "uint6"),
    ("int5", "uint7"),
    ("e4m3", "e4m3"),
    ("int4", "e4m3"),
    ("e1m5", "int6"),
    ("e3m0", "e3m0"),
]


def assert_exact(dots, style):
    designs = [emit_dot(dot, style) for dot in dots]
    setup = (*model_setup(style), *library_setup(designs[0]))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        dot.name: count
        for dot, design in zip(dots, designs, strict=True)
        if (count := dot_mismatches(netlist.modules[design.top], dot, beats=24, seed=1))
    }
    assert not wrong, f"{style}: streams that come out wrong: {wrong}"


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("is_pipelined", [False, True])
def test_sums_are_exact(style, is_pipelined):
    dots = [
        Dot(
            weight=parse_format(weight),
            act=parse_format(act),
            terms=3 * lanes + 1,
            lanes=lanes,
            is_pipelined=is_pipelined,
        )
        for weight, act in PAIRS
        for lanes in (1, 2, 5)
    ]
    assert_exact(dots, style)


@pytest.mark.parametrize("style", Style)
def test_any_number_of_registers_inside_products_gives_the_same_sums(style):
    dots = []
    for weight, act in DEEP_PAIRS:
        formats = {"weight": parse_format(weight), "act": parse_format(act)}
        most = Lane(product=product(**formats), style=style, in_mac=False).most_registers
        dots += [
            Dot(**formats, terms=3, lanes=1, is_pipelined=True, product_registers=registers)
            for registers in range(1, most + 1)
        ]
    assert len(dots) > len(DEEP_PAIRS)
    assert_exact(dots, style)


def test_a_wrong_width_is_noticed():
    int4 = parse_format("int4")
    dot = Dot(weight=int4, act=int4, terms=9, lanes=3)
    too_long = Dot(weight=int4, act=int4, terms=36, lanes=3)
    design = emit_dot(dot, Style.PORTABLE)
    (netlist,) = run_yosys([gates_job([design])], library_setup(design))
    module = netlist.modules[design.top]
    assert dot_mismatches(module, dot, beats=24, seed=1) == 0
    assert dot.accumulator_bits < too_long.accumulator_bits
    with pytest.raises(ValueError, match="shape"):
        dot_mismatches(module, too_long, beats=24, seed=1)


def test_more_lanes_than_terms_make_no_sense():
    int4 = parse_format("int4")
    with pytest.raises(DesignError, match="3 terms has no 4 lanes"):
        Dot(weight=int4, act=int4, terms=3, lanes=4)
