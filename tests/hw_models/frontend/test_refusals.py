"""What has no hardware, node by node: which node, why, and what to do instead."""

import numpy as np
import pytest
from graphs import Graph
from onnx import TensorProto

from dse.errors import UserError
from hw_models.frontend import read_model

F = np.float32


def image():
    """A graph, and a convolution's real values of shape (1, 3, 4, 4)."""
    graph = Graph((1, 2, 6, 6), opset=13)
    weights = graph.weights((3, 2, 3, 3), "int4")
    return graph, graph.node("Conv", graph.quant("x", "int4"), weights, name="before")


def codes(graph, x):
    return graph.quant(x, "int4", 0.5)


CASES = {
    "three groups": (
        lambda g, x: g.node("Conv", codes(g, x), g.weights((6, 1, 1, 1), "int4"), group=3),
        "3 groups for 3 input and 6 output channels; only dense",
    ),
    "a bias of other channels": (
        lambda g, x: g.node("Conv", codes(g, x), g.weights((2, 3, 1, 1), "int4"), np.ones(3)),
        r"a bias of shape \(3,\) does not fit 2 channels",
    ),
    "a rearranged image": (
        lambda g, x: g.node(
            "Conv",
            g.node("Transpose", codes(g, x), perm=[0, 1, 3, 2]),
            g.weights((2, 3, 1, 1), "int4"),
        ),
        "rearranged by Reshape or Transpose",
    ),
    "a flat image": (
        lambda g, x: g.node("MaxPool", g.node("Flatten", codes(g, x)), kernel_shape=[2, 2]),
        r"of shape \(1, 48\); it needs \(1, c, h, w\)",
    ),
    "a product along an image's rows": (
        lambda g, x: g.node("MatMul", codes(g, x), g.weights((4, 2), "int4", axis=1)),
        "4 elements that do not follow each other",
    ),
    "weights of another length": (
        lambda g, x: g.node(
            "MatMul", g.node("Flatten", codes(g, x)), g.weights((40, 2), "int4", axis=1)
        ),
        r"weights of shape \(40, 2\) do not fit a tensor of shape \(1, 48\)",
    ),
    "weights of three axes": (
        lambda g, x: g.node("MatMul", codes(g, x), g.weights((1, 4, 2), "int4", axis=2)),
        "only matrices",
    ),
    "Gemm of an image": (
        lambda g, x: g.node("Gemm", codes(g, x), g.weights((4, 2), "int4", axis=1)),
        "two matrices",
    ),
    "weights from the input": (
        lambda g, x: g.node("Conv", codes(g, x), codes(g, x)),
        "operand 1 must be a constant",
    ),
    "weights of 6 exponent bits": (
        lambda g, x: g.node("Conv", codes(g, x), g.weights((2, 3, 1, 1), "e6m1")),
        "at most 5 exponent bits",
    ),
    "a constant in place of a stream": (
        lambda g, x: g.node("Add", g.node("Conv", np.ones((1, 3, 4, 4)), np.ones((3, 3, 1, 1))), x),
        "not evaluated on constants",
    ),
    "an average of real values": (
        lambda g, x: g.node("GlobalAveragePool", x),
        "real values from 'before_out'; put a quantizer",
    ),
    "a mean of channels": (
        lambda g, x: g.node("ReduceMean", codes(g, x), axes=[1]),
        r"reduces axes \(1,\); only all pixels",
    ),
    "a product of streams": (
        lambda g, x: g.node("Mul", codes(g, x), x),
        "combines two streams; only their sum",
    ),
    "a stream as divisor": (lambda g, x: g.node("Div", F(1), x), "divides by a stream or by 0"),
    "division by zero": (lambda g, x: g.node("Div", x, F(0)), "divides by a stream or by 0"),
    "a sum of unequal shapes": (
        lambda g, x: g.node(
            "Add", codes(g, x), codes(g, g.node("Transpose", x, perm=[0, 2, 3, 1]))
        ),
        "unequal shapes",
    ),
    "a sum of a rearranged stream": (
        lambda g, x: g.node(
            "Add", codes(g, x), codes(g, g.node("Transpose", x, perm=[0, 1, 3, 2]))
        ),
        "rearranged",
    ),
    "a constant that does not fit": (
        lambda g, x: g.node("Add", x, np.ones(7)),
        r"constant of shape \(7,\) does not fit",
    ),
    "a constant that is not finite": (lambda g, x: g.node("Mul", x, F(np.inf)), "NaN or infinity"),
    "training": (
        lambda g, x: g.node("BatchNormalization", x, *(np.ones(3),) * 4, training_mode=1),
        "training mode",
    ),
    "a BatchNorm of other channels": (
        lambda g, x: g.node("BatchNormalization", x, *(np.ones(4),) * 4),
        r"shape \(4,\) does not fit 3 channels",
    ),
    "a negative variance": (
        lambda g, x: g.node("BatchNormalization", x, *(np.ones(3),) * 3, -np.ones(3)),
        "not positive",
    ),
    "a negative slope": (lambda g, x: g.node("LeakyRelu", x, alpha=-0.1), "negative slope"),
    "bounds the wrong way round": (
        lambda g, x: g.node("Clip", x, F(1), F(0)),
        "clips between 1 and 0",
    ),
    "bounds per channel": (lambda g, x: g.node("Max", x, np.ones((3, 1, 1))), "3 values, not one"),
    "three operands": (lambda g, x: g.node("Min", x, F(1), F(2)), "a stream, then a constant"),
    "a falling sigmoid": (
        lambda g, x: g.node("HardSigmoid", x, alpha=-1.0),
        "alpha must be positive",
    ),
    "places of maxima": (
        lambda g, x: g.node("Relu", g.node("MaxPool", x, kernel_shape=[2, 2], outputs=2)[1]),
        "an output that has no hardware",
    ),
    "a max pool at the end": (
        lambda g, x: g.node("MaxPool", x, kernel_shape=[2, 2]),
        "ends in a max pool of real values",
    ),
    "a pad at the end": (
        lambda g, x: g.node("Pad", codes(g, x), np.array([0, 0, 1, 1] * 2)),
        "ends in a Pad node",
    ),
    "a pad before a max pool": (
        lambda g, x: g.node(
            "MaxPool", g.node("Pad", codes(g, x), np.array([0, 0, 1, 1] * 2)), kernel_shape=[2, 2]
        ),
        "follows a Pad node",
    ),
    "a pad of channels": (
        lambda g, x: g.node("Pad", codes(g, x), np.array([0, 1, 0, 0] * 2)),
        "only rows and columns",
    ),
    "a sign of padded zeros": (
        lambda g, x: g.bipolar(g.node("Pad", x, np.array([0, 0, 1, 1] * 2))),
        r"makes \+1 of the zeros",
    ),
    "a cast to integers": (lambda g, x: g.node("Cast", x, to=7), "only FLOAT flows"),
    "a shape that does not fit": (
        lambda g, x: g.node("Reshape", x, np.array([1, 7])),
        "cannot be applied to its operand: cannot reshape",
    ),
    "a shape from the stream": (
        lambda g, x: g.node("Reshape", x, g.node("Cast", x, to=1)),
        "operand 1 must be a constant",
    ),
    "a slice": (
        lambda g, x: g.node("Slice", x, np.array([0]), np.array([2])),
        "has no hardware where it reads",
    ),
    "GELU": (lambda g, x: g.node("Gelu", x), "not monotone.*use ReLU"),
    "a sum of softmax": (
        lambda g, x: g.node("Add", g.node("Softmax", x, axis=1), x),
        "must follow the network's last layer",
    ),
    "scales beyond float32": (
        lambda g, x: g.node(
            "Conv", g.quant(x, "int4", 1e-30), g.quant(np.ones((2, 3, 1, 1)), "int4", F(1e-30))
        ),
        "product of its scales leaves",
    ),
    "values beyond float32": (
        lambda g, x: codes(
            g, g.node("Mul", g.node("Mul", g.node("Mul", x, F(3e38)), F(3e38)), F(0))
        ),
        "float32 gives NaN",
    ),
    "constants that are not finite": (
        lambda g, x: g.node("Conv", codes(g, x), g.quant(np.full((2, 3, 1, 1), np.nan), "int4")),
        "quantizes a constant that holds NaN",
    ),
    "scales that do not fit": (
        lambda g, x: g.node(
            "Conv", codes(g, x), g.quant(np.ones((2, 3, 1, 1)), "int4", np.ones(5))
        ),
        r"a scale of shape \(5,\) does not fit",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refusals(tmp_path, case):
    build, why = CASES[case]
    graph, x = image()
    path = graph.write(tmp_path, build(graph, x))
    with pytest.raises(UserError, match=rf"^model.onnx: (node|quantizer) '.*{why}") as caught:
        read_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("elements", ["DOUBLE", "INT64", "BOOL", "FLOAT16"])
def test_inputs_of_other_types(tmp_path, elements):
    graph, x = image()
    graph.elements = TensorProto.DataType.Value(elements)
    with pytest.raises(UserError, match=f"input 'x' holds {elements}; it must hold real values"):
        read_model(graph.write(tmp_path, x))


def test_networks_without_a_layer(tmp_path):
    graph = Graph((1, 6))
    with pytest.raises(UserError, match="no convolution or matrix product leads to the output"):
        read_model(graph.write(tmp_path, graph.node("Relu", graph.quant("x", "int4"))))


def test_outputs_that_do_not_depend_on_the_input(tmp_path):
    graph, x = image()
    constant = graph.node("Neg", np.ones(3))
    with pytest.raises(UserError, match="does not depend on the input"):
        read_model(graph.write(tmp_path, x, constant))
