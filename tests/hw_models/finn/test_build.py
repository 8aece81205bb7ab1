import json

import numpy as np
import pytest

from dse.errors import ToolFailedError
from hw_models.finn.build import build, execute, to_json
from hw_models.folding import Folding, ii_cycles
from hw_models.sim.golden import golden_outputs

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


def test_finns_layers_give_the_golden_sums(built):
    model, folder, _ = built
    codes = np.random.default_rng(2).integers(0, 32, (20, 8, 8, 1))
    expected = golden_outputs(model, codes).reshape(20, 10)
    assert np.array_equal(execute(folder, codes), expected)


def test_a_failing_step_is_named(make_model, tmp_path):
    with pytest.raises(ToolFailedError, match="step_"):
        build(make_model("int4", "int4"), tmp_path, board="no such board", clock_mhz=100.0, fps=1)
    assert not (tmp_path / "result.json").exists()
