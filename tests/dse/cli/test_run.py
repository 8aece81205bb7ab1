"""``bitfront run`` on a virtual board, and what stops it before."""

import json
import shutil
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from toy_core import toy_core

from dse.errors import ToolNotFoundError
from dse.progress import silent
from hw_models.boards import BOARDS
from hw_models.build import Order, build, seeded_images
from hw_models.frontend import read_model
from hw_models.resources import Resources
from hw_models.sim.golden import golden_outputs
from hw_models.sim.virtual_board import virtual_board
from hw_models.synth.bitstream import BitstreamResult

pytestmark = pytest.mark.tool("verilator")
CLASSES = 3


def write_network(path, seed):
    """Write a linear layer on 2x3 images: int3 weights, uint8 pixels in units of 1/255."""
    rng = np.random.default_rng(seed)
    domain = "qonnx.custom_op.general"
    constants = {
        "pixel": np.float32(1 / 255),
        "zero": np.float32(0),
        "eight": np.float32(8),
        "three": np.float32(3),
        "real": rng.integers(-3, 4, (CLASSES, 6)).astype(np.float32) / 4,
        "scale": np.full((CLASSES, 1), 0.25, np.float32),
        "bias": rng.standard_normal(CLASSES).astype(np.float32),
    }
    quantizer = {"domain": domain, "rounding_mode": "ROUND"}
    nodes = [
        helper.make_node(
            *("Quant", ["x", "pixel", "zero", "eight"], ["codes"]), signed=0, narrow=0, **quantizer
        ),
        helper.make_node("Flatten", ["codes"], ["flat"]),
        helper.make_node(
            *("Quant", ["real", "scale", "zero", "three"], ["w"]), signed=1, narrow=1, **quantizer
        ),
        helper.make_node("Gemm", ["flat", "w", "bias"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", 11), helper.make_opsetid(domain, 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), path)
    return constants


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a network, its build and images whose labels the network itself has given."""
    folder = tmp_path_factory.mktemp("run")
    constants = write_network(folder / "net.onnx", seed=0)
    board = BOARDS["ulx3s-12f"]
    order = Order(
        model=folder / "net.onnx",
        board=board,
        fold="auto",
        clock_mhz=100,
        dsp="none",
        seed=0,
        with_bitstream=False,
    )
    model = read_model(order.model)
    build(order, model, seeded_images(model.input, 5, seed=0), folder / "build", silent, print)
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (12, 1, 2, 3)).astype(np.uint8)
    logits = x.reshape(12, 6) / 255 @ constants["real"].T.astype(float) + constants["bias"]
    y = logits.argmax(axis=1)
    y[:CLASSES] = range(CLASSES)  # a class without an image would be refused
    np.savez(folder / "images.npz", x_train=x, y_train=y, x_test=x, y_test=logits.argmax(axis=1))
    return folder


def test_images_of_a_file_go_through_a_virtual_board(built, bitfront):
    done = bitfront(f"run {built}/build --port sim --images npz:{built}/images.npz --json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["frames"], found["words_different"], found["words_compared"]) == (12, 0, 36)
    assert found["top1_pct"] == 100
    report = json.loads((built / "build" / "report.json").read_text())
    assert found["compute_fps"] == report["compute_fps"]
    assert 0 < found["link_fps"] < found["compute_fps"]
    assert found["resent"] == 0


def test_figures_are_printed_for_people_too(built, bitfront):
    done = bitfront(f"run {built}/build --port sim --images 3")
    assert done.code == 0, done.err
    assert "3 seeded images on sim" in done.out
    assert "0 of 9" in done.out
    assert "top-1" not in done.out
    assert "compute, frames per second" in done.out
    assert "link, frames per second" in done.out


def test_a_word_that_differs_is_an_error(built, bitfront, monkeypatch):
    def damaged(*arguments):
        expected = golden_outputs(*arguments)
        expected[0, 0, 0] += 1
        return expected

    monkeypatch.setattr("hw_models.build.on_board.golden_outputs", damaged)
    done = bitfront(f"run {built}/build --port sim --images 3")
    assert done.code == 1
    assert "1 of 9 words from sim are not golden's" in done.err


def test_a_board_with_another_design_is_refused(built, bitfront, tmp_path):
    with virtual_board(toy_core(), BOARDS["ulx3s-12f"], 100, tmp_path) as terminal:
        done = bitfront(f"run {built}/build --port {terminal} --images 3")
    assert done.code == 2
    assert "runs another design" in done.error_line


def test_what_is_missing_is_named(built, bitfront, tmp_path):
    done = bitfront(f"run {built}/build --port {tmp_path}/ttyUSB0")
    assert done.code == 2
    assert "cannot open the port" in done.error_line
    done = bitfront(f"run {tmp_path} --port sim")
    assert done.code == 2
    assert "no finished build" in done.error_line
    done = bitfront(f"run {built}/build --port sim --program")
    assert done.code == 2
    assert "was built without a bitstream" in done.error_line
    folder = tmp_path / "build"
    shutil.copytree(built / "build", folder)
    (folder / "rtl" / "fifo.sv").unlink()
    done = bitfront(f"verify {folder}")
    assert done.code == 2
    assert "fifo.sv is missing from the build" in done.error_line


def test_a_bitstream_is_put_into_the_board_first(built, bitfront, tmp_path, monkeypatch):
    folder = tmp_path / "build"
    shutil.copytree(built / "build", folder)
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(report | {"bitstream": "board.bit"}))
    loader = tmp_path / "openFPGALoader"
    loader.write_text('#!/bin/sh\necho "loaded $@"\n')
    loader.chmod(0o755)
    monkeypatch.setenv("BITFRONT_OPENFPGALOADER", str(loader))
    done = bitfront(f"run {folder} --port sim --images 3 --program")
    assert done.code == 0, done.err
    command = f"-b ulx3s {folder / 'board.bit'}"
    assert f"openFPGALoader {command}" in done.err
    assert (folder / "program.log").read_text() == f"loaded {command}\n"


def placed(core, board, clock_mhz, folder, options, say):
    """Stand in for place and route."""
    folder.mkdir(exist_ok=True)
    (folder / "board.bit").write_text("bits")
    return BitstreamResult(
        path=folder / "board.bit",
        netlist=Resources(lut=850),
        resources=Resources(lut=900),
        fmax_mhz=120.0,
        clock_mhz=clock_mhz,
        asked_mhz=clock_mhz,
        tools=(),
        seconds=1.0,
    )


def test_a_build_says_how_to_program_its_board(built, bitfront, tmp_path, monkeypatch):
    folder = tmp_path / "build"
    shutil.copytree(built / "build", folder)
    monkeypatch.setattr(sys.modules["hw_models.build.build"], "bitstream", placed)
    done = bitfront(
        f"build {built}/net.onnx --board ulx3s-12f --clock 100 --images 5 --out {folder}"
    )
    assert done.code == 0, done.err
    bitstream = folder / "bitstream" / "board.bit"
    assert f"to program the board: openFPGALoader -b ulx3s {bitstream}" in done.err


def test_without_the_vendors_tool_a_build_ends_with_its_counts(
    built, bitfront, tmp_path, monkeypatch
):
    def missing(*arguments):
        raise ToolNotFoundError("needs AMD Vivado")

    folder = tmp_path / "build"
    shutil.copytree(built / "build", folder)
    monkeypatch.setattr(sys.modules["hw_models.build.build"], "bitstream", missing)
    command = f"build {built}/net.onnx --board ulx3s-12f --clock 100 --images 5 --out {folder}"
    assert bitfront(command).code == 3  # an open tool that is missing is an error
    monkeypatch.setattr("hw_models.synth.nextpnr.DEVICES", ())
    done = bitfront(command)
    assert done.code == 0, done.err
    assert "needs AMD Vivado" in done.err
    report = json.loads((folder / "report.json").read_text())
    assert (report["bitstream"], report["result"]) == ("", None)
    assert report["synthesis"]["lut"] > 0
