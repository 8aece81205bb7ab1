"""Random networks of everything at once, against qonnx' execution."""

import numpy as np
import pytest
from against_qonnx import agree
from graphs import Graph
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes

from dse.formats import default_sweep

FORMATS = [fmt.name for fmt in default_sweep()]
BLOCKS = ("dense", "depthwise", "residual", "pool", "pixels")


def tail(graph, x, channels):
    """Add a random bias, BatchNorm with gammas of both signs, and activation."""
    uniform, choice = graph.rng.uniform, graph.rng.choice
    if choice([True, False]):
        x = graph.node("Add", x, uniform(-1, 1, (channels, 1, 1)))
    if choice([True, False]):
        gammas = uniform(0.5, 1.5, channels) * choice([-1, 1], channels)
        statistics = uniform(-1, 1, channels), uniform(0.5, 2, channels)
        x = graph.node("BatchNormalization", x, gammas, uniform(-1, 1, channels), *statistics)
    op = choice(["Relu", "Clip", "LeakyRelu", "Identity"])
    return graph.node(op, x, *((np.float32(-1), np.float32(2)) if op == "Clip" else ()))


def quantized(graph, x, name, scale=None):
    fmt = str(graph.rng.choice(FORMATS)) if scale is None else "int5"
    return graph.quant(x, fmt, graph.act_scale(fmt, 3) if scale is None else scale, name=name)


def convolution(graph, x, channels, outputs, groups=1, kernel=(3, 2), **attributes):
    shape = (outputs, channels // groups, *kernel)
    weights = graph.weights(shape, str(graph.rng.choice(FORMATS)))
    return graph.node("Conv", x, weights, group=groups, **attributes)


def block(graph, x, kind, channels, name):
    """Add a block; return what it makes and how many channels that has."""
    if kind == "dense":
        outputs = int(graph.rng.integers(1, 6))
        pads = [int(pad) for pad in graph.rng.integers(0, 3, 4)]
        x = convolution(graph, x, channels, outputs, pads=pads, strides=[1, 2])
        return quantized(graph, tail(graph, x, outputs), name), outputs
    if kind == "depthwise":
        x = convolution(graph, x, channels, channels, channels, auto_pad="SAME_LOWER")
        return quantized(graph, tail(graph, x, channels), name), channels
    if kind == "residual":
        scale = np.float32(graph.rng.uniform(0.1, 0.3))
        x = convolution(graph, x, channels, 3, kernel=(1, 1))
        x = quantized(graph, x, f"{name}_skip", scale * graph.rng.choice([1, 2, 0.5]))
        y = convolution(graph, x, 3, 3, kernel=(3, 3), pads=[1] * 4)
        y = quantized(graph, y, f"{name}_branch", scale)
        return quantized(graph, tail(graph, graph.node("Add", x, y), 3), name), 3
    if kind == "pool":
        op = graph.rng.choice(["MaxPool", "AveragePool"])
        x = graph.node(op, x, kernel_shape=[2, 2], strides=[1, 2])
        return (quantized(graph, x, name) if op == "AveragePool" else x), channels
    x = convolution(graph, x, channels, 4, kernel=(1, 1))
    return quantized(graph, tail(graph, x, 4), name), 4


@pytest.mark.parametrize("seed", range(24))
def test_random_networks(tmp_path, seed):
    channels = 1 + seed % 3
    graph = Graph((1, channels, 7, 9), seed=seed)
    x = quantized(graph, "x", "first")
    for number in range(3):
        kind = str(graph.rng.choice(BLOCKS))
        x, channels = block(graph, x, kind, channels, f"block{number}")
    if seed % 2:
        x = graph.quant(graph.node("GlobalAveragePool", x), "int6", 0.05, name="mean")
    flat = graph.node("Flatten", x)
    out = graph.node("Gemm", flat, graph.weights((5, size_of(graph, flat)), "int6"), transB=1)
    agree(graph.write(tmp_path, out), count=3)


def size_of(graph, tensor):
    """Elements of a tensor, from the shapes that qonnx infers."""
    model = ModelWrapper(graph.model(tensor)).transform(InferShapes())
    return model.get_tensor_shape(tensor)[1]
