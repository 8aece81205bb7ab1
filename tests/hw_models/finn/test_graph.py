import numpy as np
import pytest
from qonnx.core.onnx_exec import execute_onnx

from dse.errors import UnsupportedLayerError
from dse.formats import parse_format
from hw_models.finn.graph import INPUT_TENSOR, OUTPUT_TENSOR, finn_graph
from hw_models.graph import Accelerator, Mvau, Requantize
from hw_models.model import Model, ModelInput
from hw_models.sim.golden import golden_outputs
from hw_models.tail import OutputQuantizer, Tail


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_qonnx_gives_the_golden_sums(make_model, bits):
    model = make_model(f"int{bits}", f"int{bits}")
    graph = finn_graph(model)
    codes = np.random.default_rng(1).integers(0, 32, (8, 8, 8, 1))
    expected = golden_outputs(model, codes).reshape(8, 10)
    for image, sums in zip(codes, expected, strict=True):
        given = execute_onnx(graph, {INPUT_TENSOR: image[None].astype(np.float32)})
        assert np.array_equal(given[OUTPUT_TENSOR][0], sums)


@pytest.mark.parametrize(
    ("weight", "act", "node"), [("e2m1", "int4", "conv1"), ("int4", "e3m2", "quant1")]
)
def test_the_first_minifloat_is_named(make_model, weight, act, node):
    with pytest.raises(UnsupportedLayerError, match=rf"'{node}' \(e\dm\d is no integer\).*build"):
        finn_graph(make_model(weight, act))


def test_thresholds_that_float32_cannot_hold_are_refused():
    int8 = parse_format("int8")
    first = Mvau(name="fc1", mw=4096, mh=2, vectors=1, weight=int8, act=int8)
    quant = Requantize.after(first, name="quant", output=int8)
    last = Mvau(name="fc2", mw=2, mh=2, vectors=1, weight=int8, act=int8)
    scale = np.full(2, 127 / 2.0**25, np.float32)
    model = Model(
        accelerator=Accelerator(nodes=(first, quant, last)),
        input=ModelInput(name="x", shape=(1, 1, 4096), format=int8, scale=1.0),
        weights={"fc1": np.ones((2, 4096), np.int64), "fc2": np.ones((2, 2), np.int64)},
        tails={
            "quant": Tail(scale=scale, steps=(), output=OutputQuantizer(format=int8, scale=1.0))
        },
        output=Tail(scale=np.ones(1, np.float32), output=None),
    )
    with pytest.raises(UnsupportedLayerError, match=r"'quant'.*27 bits are no float32"):
        finn_graph(model)
