"""Foldings for boards: the smallest that fits, and what is said of one that does not."""

import json
from dataclasses import replace

import pytest

from dse.errors import DesignError, FoldingError
from hw_models.boards import BOARDS
from hw_models.build.fold import (
    AUTO_SHARE,
    chosen_foldings,
    over_budget,
    read_foldings,
    write_foldings,
)
from hw_models.cost import estimate
from hw_models.cost.host_link import host_link_resources
from hw_models.cost.target import load_target
from hw_models.folding import Folding, layer_ii_cycles, legal_foldings
from hw_models.payload import Payload
from hw_models.resources import Resources
from hw_models.rtl.board import CoreInterface, board_top
from hw_models.rtl.design import Rtl
from hw_models.synth.synthesis import synthesise

_FRAME = Payload(element_bits=8, lanes=1, beats=784)


def _ii(accelerator, foldings):
    pairs = zip(accelerator.mvaus, foldings, strict=True)
    return max(layer_ii_cycles(accelerator, mvau, folding) for mvau, folding in pairs)


def test_auto_is_the_fastest_that_takes_its_share(make_cnn):
    accelerator, board = make_cnn("int4", "int4"), BOARDS["ulx3s-85f"]
    foldings = chosen_foldings("auto", accelerator, board, "none", 100.0)
    taken = estimate(accelerator, foldings, "ecp5", "none").resources
    assert taken.share_of(board.resources) <= AUTO_SHARE
    faster = [
        ii
        for mvau in accelerator.mvaus
        for ii in {layer_ii_cycles(accelerator, mvau, f) for f in legal_foldings(mvau)}
        if ii < _ii(accelerator, foldings)
    ]
    next_faster = max(faster)
    try:
        others = chosen_foldings(f"fps={100e6 / next_faster}", accelerator, board, "none", 100.0)
    except DesignError:
        return
    assert estimate(accelerator, others, "ecp5", "none").resources.share_of(board.resources) > (
        AUTO_SHARE
    ) or _ii(accelerator, others) == _ii(accelerator, foldings)


def test_a_frame_rate_is_reached(make_cnn):
    accelerator = make_cnn("int4", "int4")
    foldings = chosen_foldings("fps=20000", accelerator, BOARDS["ulx3s-85f"], "none", 100.0)
    assert _ii(accelerator, foldings) <= 5000


def test_a_network_too_large_says_what_is_over_and_what_would_fit(make_cnn):
    accelerator, board = make_cnn("int8", "int8"), BOARDS["ulx3s-12f"]
    with pytest.raises(
        DesignError, match=r"does not fit ulx3s-12f: \w+ \d+ of \d+ \(\+\d+%\)"
    ) as e:
        chosen_foldings("fps=1500000", accelerator, board, "none", 100.0)
    would_fit = str(e.value).split("--fold ")[1].split(" would")[0]
    foldings = chosen_foldings(would_fit, accelerator, board, "none", 100.0)
    taken = estimate(accelerator, foldings, "ecp5", "none").resources
    link = host_link_resources(_FRAME, load_target("ecp5", "none"))
    assert not over_budget(taken + link, board.resources, 1)


def test_the_host_link_is_on_the_board_too(make_cnn):
    accelerator, board = make_cnn("int4", "int4"), BOARDS["ulx3s-12f"]
    foldings = chosen_foldings("fps=20000", accelerator, board, "none", 100.0)
    taken = estimate(accelerator, foldings, "ecp5", "none").resources
    tight = replace(board, resources=replace(board.resources, lut=taken.lut + 1))
    with pytest.raises(DesignError, match=rf"lut {taken.lut + 700} of {taken.lut + 1} "):
        chosen_foldings("fps=20000", accelerator, tight, "none", 100.0)


@pytest.mark.tool("pyosys")
@pytest.mark.parametrize("name", ["ulx3s-85f", "icebreaker"])
def test_a_host_link_takes_no_more_than_is_counted(name, tmp_path):
    board = BOARDS[name]
    text = (
        "module core(input clk, rst, in_valid, out_ready, input [7:0] in_data,\n"
        "    output in_ready, out_valid, output [7:0] out_data);\n"
        "  assign {in_ready, out_valid, out_data} = {out_ready, in_valid, in_data};\nendmodule\n"
    )
    core = CoreInterface(
        rtl=Rtl(top="core", text=text, sources=()), input=_FRAME, output=_FRAME, digest="ab" * 32
    )
    top = board_top(core, board, board.clock_at_most(100.0).clock_mhz)
    (found,) = synthesise([top], board.family, cache=tmp_path)
    link = host_link_resources(_FRAME, load_target(board.family, "none"))
    assert not over_budget(found.resources, link, 1)
    assert found.resources.lut > 0.6 * link.lut


def test_a_network_that_no_folding_fits_is_refused(make_cnn):
    accelerator, board = make_cnn("int8", "int8"), BOARDS["icebreaker"]
    with pytest.raises(DesignError, match="does not fit 40% of icebreaker even fully folded: "):
        chosen_foldings("auto", accelerator, board, "none", 24.0)


def test_foldings_go_through_a_file(make_cnn, tmp_path):
    accelerator = make_cnn("int4", "int4")
    foldings = chosen_foldings("fps=20000", accelerator, BOARDS["ulx3s-85f"], "none", 100.0)
    path = tmp_path / "folding.json"
    write_foldings(path, [mvau.name for mvau in accelerator.mvaus], foldings)
    assert read_foldings(path, accelerator) == foldings
    assert chosen_foldings(str(path), accelerator, BOARDS["ulx3s-85f"], "none", 100.0) == foldings


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("{", DesignError, "cannot read foldings"),
        ("[1]", DesignError, "cannot read foldings"),
        ('{"conv": {"pe": 1}}', DesignError, "cannot read foldings"),
        ('{"konv": {"pe": 1, "simd": 1}}', FoldingError, "no layer 'konv'.*conv"),
        ('{"conv": {"pe": 1, "simd": 1}}', FoldingError, "no folding for dw, pw, fc"),
    ],
)
def test_a_damaged_file_of_foldings_is_refused(make_cnn, tmp_path, content, error, message):
    path = tmp_path / "folding.json"
    path.write_text(content)
    with pytest.raises(error, match=message):
        read_foldings(path, make_cnn("int4", "int4"))


def test_an_illegal_folding_in_a_file_is_refused(make_cnn, tmp_path):
    accelerator = make_cnn("int4", "int4")
    data = {mvau.name: Folding(pe=1, simd=1).to_json() for mvau in accelerator.mvaus}
    data["conv"]["pe"] = 3
    path = tmp_path / "folding.json"
    path.write_text(json.dumps(data))
    with pytest.raises(FoldingError, match="conv: PE = 3"):
        chosen_foldings(str(path), accelerator, BOARDS["ulx3s-85f"], "none", 100.0)


def test_a_frame_rate_that_is_no_number_is_refused(make_cnn):
    with pytest.raises(FoldingError, match="no number"):
        chosen_foldings("fps=fast", make_cnn(), BOARDS["ulx3s-85f"], "none", 100.0)


def test_what_is_over_is_named_with_its_excess():
    have = Resources(lut=100, ff=100, bram18=10)
    assert over_budget(Resources(lut=40, ff=40, bram18=4), have, 0.4) == ""
    over = over_budget(Resources(lut=50, dsp=1, bram18=4), have, 0.4)
    assert over == "lut 50 of 40 (+25%), dsp 1 of 0"
