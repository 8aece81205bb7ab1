"""Operators that move elements and change none: of streams, of weights, of constants."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import image_shape
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import (
    Operands,
    constant_at,
    required_constant_at,
    stream_at,
)
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Constant, Stream, Value
from hw_models.frontend.windows import MAX_PADS

T = TypeVar("T", bound=np.generic)
Move = Callable[[NDArray[T]], NDArray[T]]


def _moving(shape_of: Callable[[OnnxNode, Operands, tuple[int, ...]], tuple[int, ...]]) -> Rule:
    """Return the rule of an operator that gives its operand a new shape."""

    def rule(node: OnnxNode, operands: Operands, build: Builder) -> Value:
        def reshape(array: NDArray[T]) -> NDArray[T]:
            return array.reshape(shape_of(node, operands, array.shape))

        return _moved(node, operands, reshape)

    return rule


def _moved(node: OnnxNode, operands: Operands, move: Move[T]) -> Value:
    subject = operands[0] if operands else None
    try:
        if isinstance(subject, Stream):
            return replace(subject, order=move(subject.order))  # type: ignore[arg-type]
        if isinstance(subject, Constant):
            grid = subject.grid
            if grid is not None:
                grid = replace(grid, values=move(grid.values), scale=move(grid.scale))  # type: ignore[arg-type]
            return Constant(values=move(subject.values), grid=grid)  # type: ignore[arg-type]
    except (ValueError, IndexError, OverflowError) as error:
        raise node.damaged(f"cannot be applied to its operand: {error}") from error
    raise node.damaged("its operand is missing")


def _transpose(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    axes = node.integers("perm")
    return _moved(node, operands, lambda array: array.transpose(axes))


def _reshaped(node: OnnxNode, operands: Operands, shape: tuple[int, ...]) -> tuple[int, ...]:
    wanted = [int(size) for size in required_constant_at(node, operands, 1).reshape(-1)]
    if node.integer("allowzero", 0):
        return tuple(wanted)
    return tuple(shape[at] if size == 0 else size for at, size in enumerate(wanted))


def _flattened(node: OnnxNode, operands: Operands, shape: tuple[int, ...]) -> tuple[int, ...]:
    axis = node.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise node.damaged(f"flattens at axis {axis} of {len(shape)}")
    axis = axis + len(shape) if axis < 0 else axis
    return (int(np.prod(shape[:axis])), int(np.prod(shape[axis:])))


def _squeeze(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    axes = _axes(node, operands)
    return _moved(node, operands, lambda array: np.squeeze(array, axis=axes))


def _unsqueeze(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    axes = _axes(node, operands) or ()
    return _moved(node, operands, lambda array: np.expand_dims(array, axes))


def _axes(node: OnnxNode, operands: Operands) -> tuple[int, ...] | None:
    said = constant_at(node, operands, 1)
    if said is None:
        return node.integers("axes")
    return tuple(int(axis) for axis in said.reshape(-1))


def _pad(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    stream = stream_at(node, operands, 0)
    axes = stream.order.ndim
    said = constant_at(node, operands, 1) if node.opset >= 11 else None
    pads = node.integers("pads") if said is None else tuple(int(n) for n in said.reshape(-1))
    image_shape(node, stream.order)
    filling = constant_at(node, operands, 2) if node.opset >= 11 else None
    value = node.number("value", 0.0) if filling is None else float(filling.astype(float).max())
    if node.text("mode", "constant") != "constant" or value != 0 or len(operands) > 3:
        raise node.unsupported("only pads of zeros around an image have hardware")
    if pads is None or len(pads) != 2 * axes:
        raise node.damaged(f"has pads {pads} for {axes} axes")
    begin, end = pads[:axes], pads[axes:]
    if any(begin[:2]) or any(end[:2]) or min(pads) < 0 or max(pads) > MAX_PADS:
        raise node.unsupported(f"has pads {pads}; only rows and columns can be added")
    (top, left), (bottom, right) = ((0, *ends[2:])[-2:] for ends in (begin, end))
    added = zip(stream.border, (top, left, bottom, right), strict=True)
    return replace(stream, border=tuple(old + new for old, new in added))  # type: ignore[arg-type]


def _identity(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    return _moved(node, operands, lambda array: array)


RULES: Mapping[str, Rule] = {
    "Transpose": _transpose,
    "Reshape": _moving(_reshaped),
    "Flatten": _moving(_flattened),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Identity": _identity,
    "Dropout": _identity,
    "Cast": _identity,
    "Pad": _pad,
}
