"""Operators that move elements and change none: of streams, of weights, of constants."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hw_models.frontend.builder import Builder
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import Operands, constant_at, required_constant_at
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Constant, Stream, Value

Move = Callable[[NDArray[Any]], NDArray[Any]]


def _rule(move_of: Callable[[OnnxNode, Operands], Move]) -> Rule:
    """Return the rule of an operator that does the same to an array, whatever it holds."""

    def rule(node: OnnxNode, operands: Operands, build: Builder) -> Value:
        move = move_of(node, operands)
        subject = operands[0] if operands else None
        try:
            if isinstance(subject, Stream):
                return replace(subject, order=move(subject.order))
            if isinstance(subject, Constant):
                grid = subject.grid
                if grid is not None:
                    grid = replace(grid, values=move(grid.values), scale=move(grid.scale))
                return Constant(values=move(subject.values), grid=grid)
        except (ValueError, IndexError, OverflowError) as error:
            raise node.damaged(f"cannot be applied to its operand: {error}") from error
        raise node.damaged("its operand is missing")

    return rule


def _transpose(node: OnnxNode, operands: Operands) -> Move:
    axes = node.integers("perm")
    return lambda array: array.transpose(axes)


def _reshape(node: OnnxNode, operands: Operands) -> Move:
    wanted = [int(size) for size in required_constant_at(node, operands, 1).reshape(-1)]
    copies_zeros = not node.integer("allowzero", 0)

    def move(array: NDArray[Any]) -> NDArray[Any]:
        sizes = (
            array.shape[at] if size == 0 and copies_zeros else size
            for at, size in enumerate(wanted)
        )
        return array.reshape(tuple(sizes))

    return move


def _flatten(node: OnnxNode, operands: Operands) -> Move:
    axis = node.integer("axis", 1)

    def move(array: NDArray[Any]) -> NDArray[Any]:
        if not -array.ndim <= axis <= array.ndim:
            raise ValueError(f"axis {axis} of {array.ndim}")
        rows = int(np.prod(array.shape[: axis if axis >= 0 else axis + array.ndim]))
        return array.reshape(rows, array.size // max(rows, 1))

    return move


def _squeeze(node: OnnxNode, operands: Operands) -> Move:
    axes = _axes(node, operands)
    return lambda array: np.squeeze(array, axis=axes)


def _unsqueeze(node: OnnxNode, operands: Operands) -> Move:
    axes = _axes(node, operands) or ()
    return lambda array: np.expand_dims(array, axes)


def _axes(node: OnnxNode, operands: Operands) -> tuple[int, ...] | None:
    said = constant_at(node, operands, 1)
    if said is None:
        return node.integers("axes")
    return tuple(int(axis) for axis in said.reshape(-1))


def _identity(node: OnnxNode, operands: Operands) -> Move:
    return lambda array: array


def _cast(node: OnnxNode, operands: Operands) -> Move:
    if node.integer("to", onnx.TensorProto.FLOAT) != onnx.TensorProto.FLOAT:
        raise node.unsupported("changes the type of values; between layers only FLOAT flows")
    return lambda array: array


RULES: Mapping[str, Rule] = {
    "Transpose": _rule(_transpose),
    "Reshape": _rule(_reshape),
    "Flatten": _rule(_flatten),
    "Squeeze": _rule(_squeeze),
    "Unsqueeze": _rule(_unsqueeze),
    "Identity": _rule(_identity),
    "Dropout": _rule(_identity),
    "Cast": _rule(_cast),
}
