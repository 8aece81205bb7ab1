"""Quantizer nodes against qonnx' own execution of them, and those that no hardware has."""

import numpy as np
import pytest
from graphs import Graph
from qonnx.custom_op.registry import getCustomOp

from dse.errors import UnsupportedLayerError
from dse.formats import default_sweep, parse_format
from hw_models.frontend.network import OnnxNode, array_of
from hw_models.frontend.quantizers import Rounding, quantizer_of


def made(graph):
    """The quantizer of a graph's last node, and what qonnx makes of values."""
    node = graph.nodes[-1]
    constants = {tensor.name: array_of(tensor) for tensor in graph.constants}
    operands = [constants[name] for name in node.input[1:]]
    quantizer = quantizer_of(OnnxNode(node, node.name, 11), operands)

    def execute(x):
        context = {**constants, node.input[0]: x, node.output[0]: None}
        getCustomOp(node).execute_node(context, None)
        return context[node.output[0]]

    return quantizer, execute


NAMES = [
    *(fmt.name for fmt in default_sweep()),
    *("uint1", "uint3", "uint8", "int2n", "int8n", "int16", "int1"),
    *("e4m3b11", "e3m2b-3", "e1m2", "e4m3fn", "e5m2ieee", "e4m3ieee"),
]


@pytest.mark.parametrize("name", NAMES)
def test_grids_are_those_of_qonnx(name):
    scale = np.float32(0.37)
    graph = Graph()
    number_format = parse_format(name)
    graph.quant("x", number_format, scale)
    quantizer, execute = made(graph)
    rng = np.random.default_rng(1)
    spread = rng.uniform(0, 1.5, 4000) * number_format.max * rng.choice([1, 0.1, 1e-3], 4000)
    x = np.concatenate([rng.choice([-1, 1], 4000) * spread, [0.0]]).astype(np.float32)
    grid = number_format.grid()
    ties = ((grid[1:] + grid[:-1]) / 2 * float(scale)).astype(np.float32)
    x = np.concatenate([x, ties[:4000]])
    np.testing.assert_array_equal(quantizer.grid(x) * scale, execute(x))
    if name != "int1":
        assert quantizer.act_format() == number_format


def test_bipolar_quantizers_have_no_zero():
    for graph in (Graph(), Graph()):
        graph.bipolar("x", 0.5)
        quantizer, execute = made(graph)
        x = np.array([-1e-30, -0.0, 0.0, 3.0], np.float32)
        assert quantizer.rounding is Rounding.SIGN
        np.testing.assert_array_equal(quantizer.grid(x) * np.float32(0.5), execute(x))


def test_scales_per_channel_are_for_weights_only():
    graph = Graph()
    graph.quant("x", "int4", [0.5, 0.25])
    quantizer, _ = made(graph)
    with pytest.raises(UnsupportedLayerError, match="one scale per tensor"):
        quantizer.per_tensor_scale()


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("int4", {"rounding_mode": "FLOOR"}, "use ROUND"),
        ("e3m2", {"rounding_mode": "CEIL"}, "use ROUND"),
        ("e3m2", {"saturation": 0}, "saturation=1"),
        ("e3m2", {"has_subnormal": 0}, "has_subnormal=1"),
    ],
)
def test_attributes_that_no_hardware_has(name, changes, why):
    graph = Graph()
    graph.quant("x", name, 1.0, name="the one", **changes)
    with pytest.raises(UnsupportedLayerError, match=rf"'the one'.*{why}"):
        made(graph)


@pytest.mark.parametrize(
    ("name", "at", "value", "why"),
    [
        ("int4", 0, 0.0, "positive, normal"),
        ("int4", 0, -1.0, "positive, normal"),
        ("int4", 0, np.nan, "positive, normal"),
        ("int4", 0, 1e-45, "positive, normal"),
        ("int4", 1, 3.0, "zero point other than 0"),
        ("int4", 2, 3.5, "bit width is 3.5"),
        ("int4", 2, 0.0, "bit width 0"),
        ("int4", 2, 64.0, "bit width 64"),
        ("int4", 2, [4.0, 4.0], "2 values as its bit width"),
        ("e3m2", 1, 0.0, "at least 1 exponent bit"),
        ("e3m2", 1, 30.0, "16 is the most"),
        ("e3m2", 2, 2.5, "mantissa width is 2.5"),
        ("e3m2", 3, 1000.0, "normal range"),
        ("e3m2", 4, 27.0, "saturates at 27, but e3m2 ends at 28"),
    ],
)
def test_settings_that_no_hardware_has(name, at, value, why):
    graph = Graph()
    graph.quant("x", name, 1.0)
    graph.nodes[-1].input[at + 1] = graph.constant(np.asarray(value, np.float32), "changed")
    with pytest.raises(UnsupportedLayerError, match=why):
        made(graph)


@pytest.mark.parametrize(("name", "changes"), [("int20", {}), ("uint8", {"narrow": 1})])
def test_integers_without_a_format_are_for_constants_only(name, changes):
    graph = Graph()
    graph.quant("x", "uint8" if changes else "int8", 1.0, **changes)
    if not changes:
        graph.nodes[-1].input[3] = graph.constant(np.float32(20), "changed")
    quantizer, execute = made(graph)
    x = np.array([-1e7, -3.5, 2.5, 254.6, 1e7], np.float32)
    np.testing.assert_array_equal(quantizer.grid(x), execute(x))
    with pytest.raises(UnsupportedLayerError, match="have no format"):
        quantizer.act_format()
