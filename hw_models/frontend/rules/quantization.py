"""Quant, FloatQuant and BipolarQuant, on weights and on streams."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dse.formats import Format, MiniFloat
from hw_models.frontend.builder import Builder
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.quantizers import Grid, Quantizer, Rounding, quantizer_of
from hw_models.frontend.rules.operands import Operands, constant_at
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.steps import RELU, Sign
from hw_models.frontend.values import Constant, OnHost, Stream, Value
from hw_models.graph import INPUT
from hw_models.tail import OutputQuantizer


def _quantize(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    subject = operands[0] if operands else None
    if subject is None or isinstance(subject, OnHost):
        raise node.damaged("quantizes nothing")
    settings = [constant_at(node, operands, at) for at in range(1, len(operands))]
    quantizer = quantizer_of(node, settings)
    if isinstance(subject, Constant):
        return _quantized_constant(quantizer, subject)
    return _quantized_stream(quantizer, subject, build)


def _quantized_constant(quantizer: Quantizer, constant: Constant) -> Constant:
    x = constant.values.astype(np.float32)
    if not np.isfinite(x).all():
        raise quantizer.node.damaged("quantizes a constant that holds NaN or infinity")
    try:
        scale = np.broadcast_to(quantizer.scale, x.shape)
    except ValueError as error:
        raise quantizer.node.damaged(
            f"a scale of shape {quantizer.scale.shape} does not fit a tensor of shape {x.shape}"
        ) from error
    grid = quantizer.grid(x)
    with np.errstate(over="ignore"):  # infinities are refused where they are used
        values = grid * scale
    return Constant(values=values, grid=Grid(quantizer=quantizer, values=grid, scale=scale))


def _quantized_stream(quantizer: Quantizer, stream: Stream, build: Builder) -> Stream:
    node = quantizer.node
    number_format = _without_unused_sign(quantizer.act_format(), stream, build)
    output = OutputQuantizer(format=number_format, scale=quantizer.per_tensor_scale())
    if stream.quantizer is not None and _is_same_grid(stream, output):
        return replace(stream, gain=output.scale / stream.quantizer.scale)
    stream = build.reals(node, stream)
    if stream.source == INPUT:
        stream = _input(quantizer, stream, output, build)
    elif quantizer.rounding is Rounding.SIGN:
        if any(stream.border):
            raise node.unsupported("makes +1 of the zeros of a Pad node; pad behind it")
        stream = stream.with_step(node, Sign(scale=output.scale), is_never_negative=False)
    return replace(
        stream,
        quantizer=output,
        quantizer_name=node.name,
        is_never_negative=stream.is_never_negative or not number_format.signed,
    )


def _without_unused_sign(number_format: Format, stream: Stream, build: Builder) -> Format:
    """Return the unsigned form of a minifloat for values that are never negative.

    `FloatQuant` cannot say that it has no sign. A file that names its own formats is believed where
    it says signed.
    """
    if (
        not isinstance(number_format, MiniFloat)
        or not number_format.is_finite_only
        or not stream.is_never_negative
        or number_format.name in build.declared_acts
    ):
        return number_format
    return replace(number_format, signed=False)


def _is_same_grid(stream: Stream, output: OutputQuantizer) -> bool:
    """Whether the codes of `stream` are the ones that `output` gives for them.

    Scales that differ by float32 roundings only move no value to a neighbour.
    """
    assert stream.quantizer is not None
    drift = abs(stream.code_scale / output.scale - 1) * output.format.max_integer
    return stream.quantizer.format == output.format and drift < 0.25


def _input(quantizer: Quantizer, stream: Stream, output: OutputQuantizer, build: Builder) -> Stream:
    """Return the network's input behind its first quantizer, which the host computes."""
    node = quantizer.node
    is_cut_at_zero = stream.steps == (RELU,) and not output.format.signed
    if (stream.steps and not is_cut_at_zero) or stream.pools:
        raise node.unsupported(
            "is the first quantizer, but other nodes change the network's input before; put a "
            "quantizer directly behind the input"
        )
    if quantizer.rounding is Rounding.SIGN:
        raise node.unsupported("the network's input is bipolar; give it a Quant node")
    build.quantize_input(node, output)
    return replace(stream, steps=())


RULES: Mapping[str, Rule] = dict.fromkeys(
    ("Quant", "IntQuant", "FloatQuant", "BipolarQuant"), _quantize
)
