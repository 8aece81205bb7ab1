import numpy as np
import pytest
from qonnx.core.onnx_exec import execute_onnx

from dse.errors import UnsupportedLayerError
from hw_models.finn.graph import INPUT_TENSOR, OUTPUT_TENSOR, finn_graph
from hw_models.sim.golden import golden_outputs


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
