"""Sums and products with constants, BatchNormalization, and the sum of two streams."""

from collections.abc import Mapping
from dataclasses import replace
from math import frexp

import numpy as np

from hw_models.frontend.builder import Builder, CodeStream
from hw_models.frontend.layout import per_channel
from hw_models.frontend.names import shown
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.quantizers import FloatArray
from hw_models.frontend.rules.operands import (
    Operands,
    required_constant_at,
    stream_at,
    tensor_name,
)
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Constant, Stream, scales
from hw_models.graph import Add
from hw_models.tail import BatchNorm, Divide, Multiply, Shift

_MAX_SHIFT = 32


def _add(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    if len(operands) == 2 and all(isinstance(operand, Stream) for operand in operands):
        return _add_streams(node, operands, build)
    stream, constant, _ = _split(node, operands, build)
    return stream.with_step(node, Shift(constant), is_never_negative=False)


def _subtract(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream, constant, is_first = _split(node, operands, build)
    if is_first:
        return stream.with_step(node, Shift(-constant), is_never_negative=False)
    minus_one = Multiply(-np.ones(1, dtype=np.float32))
    negated = stream.with_step(node, minus_one, is_never_negative=False)
    return negated.with_step(node, Shift(constant), is_never_negative=False)


def _multiply(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    scaled = _scaled_codes(node, operands, inverse=False)
    if scaled is not None:
        return scaled
    stream, constant, _ = _split(node, operands, build)
    is_never_negative = stream.is_never_negative and bool((constant >= 0).all())
    return stream.with_step(node, Multiply(constant), is_never_negative=is_never_negative)


def _divide(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    scaled = _scaled_codes(node, operands, inverse=True)
    if scaled is not None:
        return scaled
    stream, constant, is_first = _split(node, operands, build)
    if not is_first or (constant == 0).any():
        raise node.unsupported("divides by a stream or by 0; divide a stream by constants")
    is_never_negative = stream.is_never_negative and bool((constant >= 0).all())
    return stream.with_step(node, Divide(constant), is_never_negative=is_never_negative)


def _negate(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = build.reals(node, stream_at(node, operands, 0))
    return stream.with_step(node, Multiply(-np.ones(1, dtype=np.float32)), is_never_negative=False)


def _scaled_codes(node: OnnxNode, operands: Operands, *, inverse: bool) -> Stream | None:
    """Return codes times a positive constant, which changes no more than their scale."""
    for stream, other in (operands, operands[::-1]) if len(operands) == 2 else ():
        if (
            isinstance(stream, Stream)
            and stream.quantizer is not None
            and isinstance(other, Constant)
            and other.values.size == 1
            and (not inverse or stream is operands[0])
        ):
            factor = float(other.values.astype(np.float32).reshape(()))
            if 0 < factor < np.inf:
                return replace(
                    stream, gain=stream.gain / factor if inverse else stream.gain * factor
                )
    return None


def _split(node: OnnxNode, operands: Operands, build: Builder) -> tuple[Stream, FloatArray, bool]:
    """Return the stream as real values, the constant per channel, and whether the stream is first.

    Raises:
        UnsupportedLayerError: Both operands depend on the input.
    """
    if len(operands) != 2:
        raise node.damaged("needs two operands")
    is_first = isinstance(operands[0], Stream)
    if all(isinstance(operand, Stream) for operand in operands):
        raise node.unsupported(
            "combines two streams; only their sum (Add, quantized on both sides) has hardware"
        )
    stream = stream_at(node, operands, 0 if is_first else 1)
    constant = required_constant_at(node, operands, 1 if is_first else 0)
    values = per_channel(node, constant, stream.order, stream.channels)
    return build.reals(node, stream), values, is_first


def _add_streams(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    """Return the exact sum of two streams of codes whose steps are a power of two apart."""
    first, second = (stream_at(node, operands, at) for at in (0, 1))
    if first.order.shape != second.order.shape or first.channels != second.channels:
        raise node.unsupported(
            f"adds tensors of unequal shapes {first.order.shape} and {second.order.shape}"
        )
    if not np.array_equal(first.order, second.order):
        raise node.unsupported("adds a tensor to one that Reshape or Transpose rearranged")
    codes = [build.codes(node, x, tensor_name(node, at)) for at, x in enumerate((first, second))]
    spec = Add(
        name=build.names.take(node.name),
        channels=first.channels,
        vectors=first.order.size // first.channels,
        acts=(codes[0].format, codes[1].format),
        shifts=_shifts(node, codes),
    )
    return Stream(
        source=build.add(spec, codes[0].source, codes[1].source),
        channels=first.channels,
        scale=scales(node, spec.accumulator_lsb * codes[0].scale),
        order=first.order,
        is_never_negative=first.is_never_negative and second.is_never_negative,
    )


def _shifts(node: OnnxNode, codes: list[CodeStream]) -> tuple[int, int]:
    """Return the left shifts that bring the integers of two streams to one unit.

    Raises:
        UnsupportedLayerError: Their units are no power of two apart.
    """
    first, second = (x.scale * x.format.lsb for x in codes)
    fraction, exponent = frexp(first / second)
    shift = exponent - 1
    if fraction != 0.5 or abs(shift) > _MAX_SHIFT:
        raise node.unsupported(
            f"adds codes of scales {codes[0].scale:.9g} ('{shown(tensor_name(node, 0))}') and "
            f"{codes[1].scale:.9g} ('{shown(tensor_name(node, 1))}'); let both share one "
            "quantizer, or make the scales equal or a power of two apart"
        )
    return max(shift, 0), max(-shift, 0)


def _batch_norm(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    if node.integer("training_mode", 0):
        raise node.unsupported("is in training mode; export the network for inference")
    stream = build.reals(node, stream_at(node, operands, 0))
    order = stream.order
    if order.ndim < 2:
        raise node.damaged("normalizes a tensor without channels")
    parameters = []
    for at in range(1, 5):
        values = required_constant_at(node, operands, at)
        if values.shape != (order.shape[1],):
            raise node.damaged(
                f"a parameter of shape {values.shape} does not fit {order.shape[1]} channels"
            )
        along = values.reshape(-1, *[1] * (order.ndim - 2))
        parameters.append(per_channel(node, along, order, stream.channels))
    weight, bias, mean, variance = parameters
    epsilon = node.number("epsilon", 1e-5)
    if not (variance + np.float32(epsilon) > 0).all():
        raise node.damaged("has a variance that is not positive")
    step = BatchNorm(weight=weight, bias=bias, mean=mean, variance=variance, epsilon=epsilon)
    return stream.with_step(node, step, is_never_negative=False)


RULES: Mapping[str, Rule] = {
    "Add": _add,
    "Sub": _subtract,
    "Mul": _multiply,
    "Div": _divide,
    "Neg": _negate,
    "BatchNormalization": _batch_norm,
}
