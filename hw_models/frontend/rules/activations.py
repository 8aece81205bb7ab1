"""Monotone functions of single values."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import per_channel
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import (
    Operands,
    constant_at,
    required_constant_at,
    stream_at,
)
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.steps import RELU
from hw_models.frontend.values import Stream
from hw_models.graph import INPUT
from hw_models.tail import Clip, FloatArray, LeakyRelu, Multiply, Shift, Sigmoid, Step, Tanh


def _relu(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    if stream.is_never_negative:
        return stream
    if stream.quantizer is None or stream.source == INPUT:
        return build.reals(node, stream).with_step(node, RELU, is_never_negative=True)
    # quantizers keep 0 and the order of values: a ReLU behind one is a ReLU before it
    return replace(stream, steps=(*stream.steps, RELU), is_never_negative=True)


def _clip(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    if node.opset < 11:
        low, high = node.number("min", -np.inf), node.number("max", np.inf)
    else:
        low = _bound(node, operands, 1, -np.inf)
        high = _bound(node, operands, 2, np.inf)
    return _clipped(node, operands, build, low, high)


def _clipped(node: OnnxNode, operands: Operands, build: Builder, low: float, high: float) -> Stream:
    if not low <= high:
        raise node.damaged(f"clips between {low:g} and {high:g}")
    if (low, high) == (0.0, np.inf):
        return _relu(node, operands, build)
    stream = build.reals(node, stream_at(node, operands, 0))
    return stream.with_step(node, Clip(low=low, high=high), is_never_negative=low >= 0)


def _bound(node: OnnxNode, operands: Operands, at: int, default: float) -> float:
    value = constant_at(node, operands, at)
    if value is None:
        return default
    if value.size != 1:
        raise node.unsupported(f"its bound {at} has {value.size} values, not one")
    return float(value.astype(np.float32).reshape(()))


def _maximum(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    _require_two(node, operands)
    return _clipped(node, operands, build, _bound(node, operands, 1, -np.inf), np.inf)


def _minimum(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    _require_two(node, operands)
    return _clipped(node, operands, build, -np.inf, _bound(node, operands, 1, np.inf))


def _require_two(node: OnnxNode, operands: Operands) -> None:
    if len(operands) != 2:
        raise node.unsupported("has not two operands: a stream, then a constant")


def _leaky_relu(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    slope = np.array([node.number("alpha", 0.01)], dtype=np.float32)
    return _with_slopes(node, operands, build, slope)


def _prelu(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    slopes = required_constant_at(node, operands, 1)
    return _with_slopes(
        node, operands, build, per_channel(node, slopes, stream.order, stream.channels)
    )


def _with_slopes(node: OnnxNode, operands: Operands, build: Builder, slopes: FloatArray) -> Stream:
    if not ((slopes >= 0) & (slopes < np.inf)).all():
        raise node.unsupported("has a negative slope, so it is not monotone; use ReLU")
    stream = build.reals(node, stream_at(node, operands, 0))
    return stream.with_step(node, LeakyRelu(slopes), is_never_negative=stream.is_never_negative)


def _sigmoid(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = build.reals(node, stream_at(node, operands, 0))
    return stream.with_step(node, Sigmoid(), is_never_negative=True)


def _tanh(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = build.reals(node, stream_at(node, operands, 0))
    return stream.with_step(node, Tanh(), is_never_negative=stream.is_never_negative)


def _hard_sigmoid(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    alpha = np.array([node.number("alpha", 0.2)], dtype=np.float32)
    beta = np.array([node.number("beta", 0.5)], dtype=np.float32)
    if not (0 < alpha[0] < np.inf and np.isfinite(beta[0])):
        raise node.unsupported(f"has alpha {alpha[0]} and beta {beta[0]}; alpha must be positive")
    stream = build.reals(node, stream_at(node, operands, 0))
    steps: tuple[Step, ...] = (Multiply(alpha), Shift(beta), Clip(low=0.0, high=1.0))
    for step in steps:
        stream = stream.with_step(node, step, is_never_negative=step is steps[-1])
    return stream


RULES: Mapping[str, Rule] = {
    "Relu": _relu,
    "Clip": _clip,
    "Max": _maximum,
    "Min": _minimum,
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "Sigmoid": _sigmoid,
    "Tanh": _tanh,
    "HardSigmoid": _hard_sigmoid,
}
