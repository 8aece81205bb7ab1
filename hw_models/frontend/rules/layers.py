"""Conv, Gemm and MatMul: layers that multiply codes by constant codes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dse.errors import FormatError
from dse.formats import Format
from hw_models.arith.operand import operand
from hw_models.frontend.builder import Builder, CodeStream
from hw_models.frontend.layout import (
    Order,
    image_order,
    image_shape,
    matrix_columns,
    per_channel,
)
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.quantizers import FloatArray, Grid
from hw_models.frontend.rules.operands import (
    Operands,
    constant_at,
    stream_at,
    tensor_name,
    weights_at,
)
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Stream, scales
from hw_models.frontend.windows import Window, window_of
from hw_models.graph import Mvau, SlidingWindow
from hw_models.tail import Multiply, Shift


def _convolution(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    weights = weights_at(node, operands, 1)
    channels, height, width = image_shape(node, stream.order)
    shape = weights.values.shape
    groups = node.integer("group", 1)
    if len(shape) != stream.order.ndim or groups < 1 or shape[1] * groups != channels:
        raise node.damaged(
            f"weights of shape {shape} in {groups} group(s) do not fit {channels} input channels"
        )
    if groups > 1 and not groups == channels == shape[0]:
        raise node.unsupported(
            f"has {groups} groups for {channels} input and {shape[0]} output channels; only dense "
            "(1 group) and depthwise convolutions (one channel a group) have hardware"
        )
    window = window_of(node, (height, width), len(shape) - 2, stream.border, shape[2:])
    out_height, out_width = window.out_size(height, width)
    order = image_order(shape[0], out_height, out_width, len(shape))
    codes = build.codes(node, stream, tensor_name(node, 0))
    codes = _slide(node, build, codes, window, (channels, height, width), groups)
    rows = _rows(node, weights, np.moveaxis(weights.values, 1, -1))  # (tap, channel)
    vectors = out_height * out_width
    out = _multiply(
        node, build, codes, rows, order, vectors=vectors, groups=groups, taps=window.taps
    )
    bias = constant_at(node, operands, 2)
    if bias is None:
        return out
    if bias.shape != (shape[0],):
        raise node.damaged(f"a bias of shape {bias.shape} does not fit {shape[0]} channels")
    shift = per_channel(node, bias.reshape(-1, *[1] * (len(shape) - 2)), order, shape[0])
    return out.with_step(node, Shift(shift), is_never_negative=False)


def _slide(
    node: OnnxNode,
    build: Builder,
    codes: CodeStream,
    window: Window,
    image: tuple[int, int, int],
    groups: int,
) -> CodeStream:
    """Return the input vectors: what a window gives, or the image itself."""
    if window.is_pixel:
        return codes
    channels, height, width = image
    spec = SlidingWindow(
        name=build.names.take(f"{node.name}_window"),
        kernel=window.kernel,
        stride=window.stride,
        pads=window.pads,
        dilation=window.dilation,
        channels=channels,
        height=height,
        width=width,
        act=codes.format,
        groups=groups,
    )
    return replace(codes, source=build.add(spec, codes.source))


def _gemm(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    weights = weights_at(node, operands, 1)
    if weights.values.ndim != 2 or stream.order.ndim != 2:
        raise node.damaged("Gemm multiplies two matrices")
    if node.integer("transA", 0):
        stream = replace(stream, order=stream.order.T)
    if node.integer("transB", 0):
        weights = replace(weights, values=weights.values.T, scale=weights.scale.T)
    out = _matrix_product(node, build, stream, weights)
    alpha, beta = np.float32(node.number("alpha", 1.0)), np.float32(node.number("beta", 1.0))
    if not np.isfinite([alpha, beta]).all():
        raise node.damaged(f"has alpha {alpha} and beta {beta}")
    if alpha > 0:
        out = replace(out, scale=scales(node, out.scale.astype(np.float64) * float(alpha)))
    else:
        out = out.with_step(node, Multiply(alpha.reshape(1)), is_never_negative=False)
    bias = constant_at(node, operands, 2)
    if bias is None or beta == 0:
        return out
    shift = per_channel(node, bias.astype(np.float32) * beta, out.order, out.channels)
    return out.with_step(node, Shift(shift), is_never_negative=False)


def _matmul(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    weights = weights_at(node, operands, 1)
    if weights.values.ndim != 2:
        raise node.unsupported(
            f"multiplies by weights of shape {weights.values.shape}; only matrices have hardware"
        )
    return _matrix_product(node, build, stream, weights)


def _matrix_product(node: OnnxNode, build: Builder, stream: Stream, weights: Grid) -> Stream:
    """Return ``stream @ weights`` for weights of shape `(k, n)`."""
    length, outputs = weights.values.shape
    if stream.order.shape[-1] != length:
        raise node.damaged(
            f"weights of shape {weights.values.shape} do not fit a tensor of shape "
            f"{stream.order.shape}"
        )
    vectors, columns = matrix_columns(node, stream.order)
    codes = build.codes(node, stream, tensor_name(node, 0))
    values = np.empty((outputs, length), dtype=np.float32)
    values[:, columns] = weights.values.T
    rows = _rows(node, replace(weights, scale=weights.scale.T), values)
    order = np.arange(vectors * outputs).reshape(*stream.order.shape[:-1], outputs)
    return _multiply(node, build, codes, rows, order, vectors=vectors)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Weights as hardware holds them.

    Attributes:
        codes: Shape `(outputs, products)`.
        format: Format of the codes.
        scales: Value of the format's 1 in each row, shape `(outputs,)`.
    """

    codes: NDArray[np.int64]
    format: Format
    scales: NDArray[np.float64]


def _rows(node: OnnxNode, weights: Grid, values: FloatArray) -> _Rows:
    """Return weights whose scales, and `values` in hardware's order, have outputs first.

    Raises:
        UnsupportedLayerError: A scale differs within an output channel.
    """
    per_row = weights.scale.reshape(len(values), -1).astype(np.float64)
    if (per_row != per_row[:, :1]).any():
        raise node.unsupported(
            "its weights' scale differs within an output channel; use one scale per tensor or "
            "per output channel"
        )
    found = _in_hardware(node, weights.weight_format())
    codes = found.encode(values.reshape(len(values), -1))
    return _Rows(codes=codes, format=found, scales=per_row[:, 0])


def _multiply(
    node: OnnxNode,
    build: Builder,
    codes: CodeStream,
    rows: _Rows,
    order: Order,
    *,
    vectors: int,
    groups: int = 1,
    taps: int = 1,
) -> Stream:
    """Take an Mvau that reads `codes`; return its sums."""
    outputs, products = rows.codes.shape
    mvau = Mvau(
        name=build.names.take(node.name),
        mw=products,
        mh=outputs,
        vectors=vectors,
        groups=groups,
        taps=taps,
        weight=rows.format,
        act=_in_hardware(node, codes.format),
    )
    return Stream(
        source=build.add(mvau, codes.source, weights=rows.codes),
        channels=outputs,
        scale=scales(node, mvau.accumulator_lsb * rows.scales * codes.scale),
        order=order,
    )


def _in_hardware(node: OnnxNode, number_format: Format) -> Format:
    try:
        operand(number_format)
    except FormatError as error:
        raise node.unsupported(str(error)) from error
    return number_format


RULES: Mapping[str, Rule] = {"Conv": _convolution, "Gemm": _gemm, "MatMul": _matmul}
