"""Every multiply-accumulate cell of the default sweep, over all operand pairs."""

from dataclasses import replace
from itertools import product

import pytest

from dse.formats import default_sweep, parse_format, parse_sweep
from hw_models.arith.cell import Mac, Style
from hw_models.arith.lane import cell_lane
from hw_models.rtl.cell import emit_mac
from hw_models.synth.flow import gates_job, library_setup, model_setup, netlist_gates_job
from hw_models.synth.proof import mismatches
from hw_models.synth.yosys import run_yosys

SWEEP = default_sweep()
# Edge cases: one and two bits, no mantissa, one exponent bit, unsigned, special codes.
EDGES = parse_sweep("uint1,uint2,uint4,uint8,ue4m4,ue2m2,ue5m0,int1,int2,e1m1,e1m0,e4m3fn,e5m2ieee")
WEIGHTS = parse_sweep("int8,int3,int2,int1,uint2,uint8,e4m3,e2m0,e1m1,e5m2")
TUNED = ("int8", "int4", "e4m3", "e5m2", "e3m2", "e2m1")


def assert_exact(macs, style):
    designs = [emit_mac(mac, style) for mac in macs]
    setup = (*model_setup(style), *library_setup(designs[0]))
    (netlist,) = run_yosys([gates_job(designs)], setup)
    wrong = {
        mac.name: count
        for mac, design in zip(macs, designs, strict=True)
        if (count := mismatches(netlist.modules[design.top], mac))
    }
    assert not wrong, f"{style}: operand pairs that come out wrong: {wrong}"


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("weight", SWEEP, ids=str)
def test_every_pair_of_the_sweep_is_exact(weight, style):
    assert_exact([Mac(weight=weight, act=act, terms=5) for act in SWEEP], style)


@pytest.mark.parametrize("style", Style)
def test_edge_cases_are_exact(style):
    macs = [Mac(weight=weight, act=act, terms=9) for weight, act in product(WEIGHTS, EDGES)]
    assert_exact(macs, style)


def test_every_other_architecture_is_exact_too():
    macs = [
        replace(mac, architecture=architecture)
        for mac in (Mac(weight=w, act=a, terms=5) for w, a in product(SWEEP, SWEEP))
        for architecture in cell_lane(mac, Style.XILINX).architectures[1:]
    ]
    assert len(macs) > 9
    assert_exact(macs, Style.XILINX)


@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_tuned_cells_are_exact_after_synthesis(device):
    style = {"ecp5": Style.ECP5, "xcup": Style.XILINX}[device]
    formats = [parse_format(name) for name in TUNED]
    macs = [Mac(weight=f, act=f, terms=1024) for f in formats]
    macs.append(Mac(weight=parse_format("int4"), act=parse_format("e4m3"), terms=1024))
    designs = [emit_mac(mac, style) for mac in macs]
    jobs = [netlist_gates_job(design, device) for design in designs]
    netlists = run_yosys(jobs, library_setup(designs[0]))
    wrong = {
        mac.name: count
        for mac, netlist in zip(macs, netlists, strict=True)
        if (count := mismatches(netlist.modules[netlist.top], mac))
    }
    assert not wrong, f"{device}: operand pairs that come out wrong: {wrong}"


def test_a_broken_cell_is_noticed():
    int4 = parse_format("int4")
    mac = Mac(weight=int4, act=int4, terms=5)
    design = emit_mac(mac, Style.PORTABLE)
    job = gates_job([design])
    broken = job.text.replace(".W_SIGNED(1)", ".W_SIGNED(0)")
    assert broken != job.text
    (netlist,) = run_yosys([replace(job, text=broken)], library_setup(design))
    assert mismatches(netlist.modules[design.top], mac) > 0
