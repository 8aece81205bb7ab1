"""Nodes whose operands are all constants, evaluated when the file is read."""

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from hw_models.frontend.network import MAX_CONSTANT_ELEMENTS, Array, OnnxNode, array_of

_ELEMENTWISE = """
    Abs Add Cast Ceil Clip Div Equal Exp Floor Log Max Min Mod Mul Neg Pow Reciprocal Round Sqrt Sub
    Where
"""
_OTHERS = "Concat Constant ConstantOfShape Gather ReduceProd Slice"
FOLDABLE = frozenset(f"{_ELEMENTWISE} {_OTHERS}".split())


def evaluate(node: OnnxNode, operands: Sequence[Array | None]) -> Array:
    """Return the first output of a node.

    Raises:
        DataError: ONNX's reference cannot evaluate it, or its output is too large.
        UnsupportedLayerError: The operator is not evaluated here.
    """
    if node.op not in FOLDABLE:
        raise node.unsupported("is not evaluated on constants; fold the file's constants first")
    if node.op == "Constant" and node.has("value"):
        return array_of(node.proto.attribute[0].t)
    _require_bounded(node, operands)
    graph = onnx.helper.make_graph(
        [node.proto],
        "constant",
        [_described(name) for name in dict.fromkeys(node.proto.input) if name],
        [_described(node.proto.output[0])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", node.opset)])
    feeds = {
        name: array
        for name, array in zip(node.proto.input, operands, strict=True)
        if array is not None
    }
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(model).run(None, feeds)
    except Exception as error:  # whatever the evaluator's NumPy code meets
        raise node.damaged(
            f"cannot be evaluated on its constants ({type(error).__name__})"
        ) from error
    return np.asarray(results[0])


def _described(name: str) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None)


def _require_bounded(node: OnnxNode, operands: Sequence[Array | None]) -> None:
    """Raise `DataError` before a small file makes a large tensor."""
    arrays = [array for array in operands if array is not None]
    try:
        if node.op == "ConstantOfShape":
            size = prod(int(length) for length in arrays[0].reshape(-1))
        elif node.op == "Gather":
            size = arrays[0].size * max(arrays[1].size, 1)
        elif node.op in _ELEMENTWISE.split():
            size = prod(np.broadcast_shapes(*(array.shape for array in arrays)))
        else:
            size = sum(array.size for array in arrays)
    except (ValueError, IndexError) as error:
        raise node.damaged("its constant operands do not fit each other") from error
    if not 0 <= size <= MAX_CONSTANT_ELEMENTS:
        raise node.damaged(f"makes a constant of {size} elements")
