"""Windows against the shape inference of ONNX and the pools of onnxruntime."""

import numpy as np
import onnx
import onnxruntime
import pytest
from graphs import Graph
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dse.errors import DataError
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.windows import window_of

pair = st.tuples(st.integers(1, 3), st.integers(1, 3))


def pool(size, **attributes):
    node = helper.make_node("MaxPool", ["x"], ["y"], name="pool", **attributes)
    item = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node],
        "g",
        [item("x", TensorProto.FLOAT, [1, 1, *size])],
        [item("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    return OnnxNode(node, "pool", 13), model


@given(
    size=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    kernel=pair,
    stride=pair,
    dilation=pair,
    pads=st.tuples(*[st.integers(0, 1)] * 4),
)
def test_out_size_with_pads(size, kernel, stride, dilation, pads):
    node, model = pool(size, kernel_shape=kernel, strides=stride, dilations=dilation, pads=pads)
    window = window_of(node, size, 2)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0]
    dims = tuple(dim.dim_value for dim in inferred.type.tensor_type.shape.dim)
    assert (1, 1, *window.out_size(*size)) == dims
    assert window.pads == pads


@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=pair,
    stride=pair,
    mode=st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]),
)
def test_automatic_pads(size, kernel, stride, mode):
    stride = tuple(min(steps) for steps in zip(stride, kernel, strict=True))  # as onnxruntime wants
    node, model = pool(size, kernel_shape=kernel, strides=stride, auto_pad=mode)
    window = window_of(node, size, 2)
    image = np.arange(size[0] * size[1], dtype=np.float32).reshape(1, 1, *size)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": image})
    top, left, bottom, right = window.pads
    padded = np.pad(image[0, 0], ((top, bottom), (left, right)), constant_values=-np.inf)
    views = np.lib.stride_tricks.sliding_window_view(padded, kernel)[:: stride[0], :: stride[1]]
    np.testing.assert_array_equal(views.max(axis=(2, 3)), expected[0, 0])


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pads", "expected"),
    [
        ((5, 5), 2, 2, 0, (3, 3)),
        ((4, 4), 2, 2, 0, (2, 2)),
        ((6, 6), 3, 2, 0, (3, 3)),
        ((5, 5), 1, 3, 0, (2, 2)),  # a window behind the image is left out
        ((3, 3), 2, 3, 1, (2, 2)),
    ],
)
def test_sizes_rounded_up_as_pytorch_does(size, kernel, stride, pads, expected):
    node, _ = pool(
        size, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pads] * 4, ceil_mode=1
    )
    assert window_of(node, size, 2).out_size(*size) == expected


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"kernel_shape": [2]},
        {"kernel_shape": [2, 0]},
        {"kernel_shape": [2, 2], "strides": [0, 1]},
        {"kernel_shape": [2, 2], "strides": 1.5},
        {"kernel_shape": [2, 2], "pads": [1, 1]},
        {"kernel_shape": [2, 2], "pads": [1 << 40] * 4},
        {"kernel_shape": [2, 2], "auto_pad": "SOME"},
        {"kernel_shape": [9, 9]},
        {"kernel_shape": [2, 2], "dilations": [7, 1]},
    ],
)
def test_windows_that_cannot_be(attributes):
    node, _ = pool((5, 5), **attributes)
    with pytest.raises(DataError, match="node 'pool'"):
        window_of(node, (5, 5), 2)


def test_a_kernel_of_other_weights_is_refused(tmp_path):
    graph = Graph()
    graph.node("Conv", "x", np.ones((1, 1, 3, 3)), kernel_shape=[2, 2], name="conv")
    with pytest.raises(DataError, match="does not fit weights of kernel"):
        window_of(OnnxNode(graph.nodes[0], "conv", 11), (4, 4), 2, kernel=(3, 3))
