import json
from dataclasses import replace

import numpy as np
import pytest

from dse.errors import ToolFailedError, UnmodelledError
from hw_models.finn.build import accelerator_ii_cycles, build, execute, to_json, trace
from hw_models.finn.compare import matched_layers
from hw_models.finn.rtl import layer_rtl
from hw_models.finn.simulate import check_layer
from hw_models.finn.synthesise import synthesise_layer
from hw_models.folding import Folding, ii_cycles
from hw_models.graph import Accelerator, Mvau
from hw_models.sim.golden import golden_outputs
from hw_models.sim.verilator import Traffic

pytestmark = pytest.mark.tool("finn")
FOLDINGS = (Folding(pe=2, simd=3), Folding(pe=4, simd=4), Folding(pe=2, simd=8))


@pytest.fixture(scope="module")
def built(make_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finn")
    model = make_model("int4", "int4")
    made = build(model, folder, board="Pynq-Z1", clock_mhz=100.0, foldings=FOLDINGS)
    return model, folder, made


def test_finn_takes_our_folding_and_counts_our_cycles(built):
    model, _, made = built
    layers = [layer for layer in made.layers if layer.kind == "MVAU_rtl"]
    assert [(layer.pe, layer.simd) for layer in layers] == [(f.pe, f.simd) for f in FOLDINGS]
    for mvau, folding, layer in zip(model.accelerator.mvaus, FOLDINGS, layers, strict=True):
        assert layer.cycles == ii_cycles(mvau, folding)
        assert any(layer.code.glob("*_wrapper.v"))
    assert made.fps > 0
    assert json.dumps(to_json(made))


def test_every_other_layer_keeps_up_with_ours(built):
    model, _, made = built
    slowest = accelerator_ii_cycles(model.accelerator, FOLDINGS)
    assert {layer.name: layer.cycles for layer in made.layers if layer.cycles > slowest} == {}
    thresholds = [layer.pe for layer in made.layers if layer.kind == "Thresholding_rtl"]
    assert thresholds == [folding.pe for folding in FOLDINGS[:2]]


def test_every_node_has_its_layers(built):
    model, _, made = built
    matched = {
        node.name: [layer.kind for layer in layers]
        for node, layers in matched_layers(model.accelerator, made)
    }
    window = ["FMPadding_rtl", "ConvolutionInputGenerator_rtl"]
    assert matched == {
        "window1": window,
        "conv1": ["MVAU_rtl"],
        "quant1": ["Thresholding_rtl"],
        "pool": ["ConvolutionInputGenerator_rtl", "Pool_hls"],
        "window2": window,
        "conv2": ["MVAU_rtl"],
        "quant2": ["Thresholding_rtl"],
        "fc": ["MVAU_rtl"],
    }


def test_a_layer_of_no_node_is_named(built):
    model, _, made = built
    first = Accelerator(nodes=model.accelerator.nodes[:2])
    with pytest.raises(UnmodelledError, match="Thresholding_rtl_0"):
        list(matched_layers(first, made))


def test_finns_layers_give_the_golden_sums(built):
    model, folder, _ = built
    codes = np.random.default_rng(2).integers(0, 32, (20, 8, 8, 1))
    expected = golden_outputs(model, codes).reshape(20, 10)
    assert np.array_equal(execute(folder, codes), expected)


def test_a_matrix_unit_gives_every_word_in_the_cycles_finn_says(built, tmp_path):
    _, folder, made = built
    beats = trace(folder, np.random.default_rng(3).integers(0, 32, (3, 8, 8, 1)))
    layer = next(layer for layer in made.layers if layer.name == "MVAU_rtl_1")
    simulated = check_layer(made, layer, beats, tmp_path, traffic=Traffic(seed=0))
    assert (simulated.words_different, simulated.words_compared) == (0, 3 * layer.output_beats)
    assert simulated.cycles == layer.cycles
    broken = {**beats, "MVAU_rtl_1.out": beats["MVAU_rtl_1.out"] ^ 1}
    again = check_layer(made, layer, broken, tmp_path, traffic=Traffic(seed=0))
    assert again.words_different == again.words_compared


def test_yosys_counts_thresholds_once(built, tmp_path, monkeypatch):
    _, _, made = built
    layer = next(layer for layer in made.layers if layer.kind == "Thresholding_rtl")
    counted = synthesise_layer(made, layer, cache=tmp_path)
    # each PE has four stages of comparators: a LUT compares at most three bits
    assert counted.lut >= layer.pe * 4 * layer.input_bits / layer.pe / 3
    assert counted.ff > 0
    monkeypatch.setattr("hw_models.finn.synthesise.run_yosys", None)
    assert synthesise_layer(made, layer, cache=tmp_path) == counted


def test_there_is_no_rtl_of_a_pool(built):
    _, _, made = built
    pool = next(layer for layer in made.layers if layer.kind == "Pool_hls")
    with pytest.raises(UnmodelledError, match="Pool_hls_0"):
        layer_rtl(made, pool)


def test_few_bits_and_lopsided_weights_are_rtl_too(make_model, tmp_path):
    model = make_model("int3", "int2")
    conv1 = model.accelerator.node("conv1")
    assert isinstance(conv1, Mvau)
    # -2 is the least of two bits, which is not narrow
    lopsided = np.resize([-2, -1, 0, 1], (conv1.mh, conv1.mw))
    weights = {**model.weights, "conv1": conv1.weight.encode(lopsided.astype(np.float64))}
    changed = replace(model, weights=weights)
    made = build(changed, tmp_path, board="Pynq-Z1", clock_mhz=100.0, fps=50_000)
    hls = [layer.kind for layer in made.layers if not layer.is_rtl]
    assert hls == ["Pool_hls"]


def test_a_failing_step_and_its_node_are_named(make_model, tmp_path, monkeypatch):
    wrong = json.dumps({"Defaults": {}, "MVAU_rtl_1": {"PE": 3, "SIMD": 4}})  # of 8 channels
    monkeypatch.setattr("hw_models.finn.build.folding_config", lambda *_: wrong)
    model = make_model("int4", "int4")
    with pytest.raises(ToolFailedError, match=r"in step_hw_codegen at MVAU_rtl_1 \(.*by PE"):
        build(model, tmp_path, board="Pynq-Z1", clock_mhz=100.0, foldings=FOLDINGS)
    assert not (tmp_path / "result.json").exists()
