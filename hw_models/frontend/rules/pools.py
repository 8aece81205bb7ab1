"""Max pools, and average pools as exact sums."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import image_order, image_shape
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import Operands, constant_at, stream_at, tensor_name
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import MaxPool, Stream, scales
from hw_models.frontend.windows import Window, window_of
from hw_models.graph import Pool, PoolKind


def _max_pool(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    _, height, width = image_shape(node, stream.order)
    return _pooled(node, stream, window_of(node, (height, width), stream.order.ndim - 2))


def _global_max_pool(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    return _pooled(node, stream, _whole_image(node, stream))


def _pooled(node: OnnxNode, stream: Stream, window: Window) -> Stream:
    channels, height, width = image_shape(node, stream.order)
    if channels != stream.channels:
        raise node.unsupported("pools an image that was made by Reshape")
    pool = MaxPool(name=node.name, window=window, height=height, width=width)
    order = image_order(channels, *window.out_size(height, width), stream.order.ndim)
    return replace(stream, pools=(*stream.pools, pool), order=order)


def _average_pool(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    _, height, width = image_shape(node, stream.order)
    window = window_of(node, (height, width), stream.order.ndim - 2, stream.border)
    counts_pads = bool(node.integer("count_include_pad", 0)) and not node.integer("ceil_mode", 0)
    if window.pads != stream.border and not counts_pads:
        raise node.unsupported(
            "averages fewer pixels at the border than inside; count the pads "
            "(count_include_pad=1, ceil_mode=0) or do without"
        )
    return _averaged(node, stream, window, build, divisor=window.taps)


def _global_average_pool(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    window = _whole_image(node, stream)
    return _averaged(node, stream, window, build, divisor=window.taps)


def _reduce_mean(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream, window = _reduced(node, operands)
    out = _averaged(node, stream, window, build, divisor=window.taps)
    return _without_axes(node, out)


def _reduce_sum(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream, window = _reduced(node, operands)
    return _without_axes(node, _averaged(node, stream, window, build, divisor=1))


def _reduced(node: OnnxNode, operands: Operands) -> tuple[Stream, Window]:
    stream = stream_at(node, operands, 0)
    said = constant_at(node, operands, 1)
    axes = node.integers("axes") if said is None else tuple(said.reshape(-1).tolist())
    image_shape(node, stream.order)
    spatial = list(range(2, stream.order.ndim))
    if axes is None or sorted(int(axis) % stream.order.ndim for axis in axes) != spatial:
        raise node.unsupported(
            f"reduces axes {axes}; only all pixels of a channel ({spatial}) work"
        )
    return stream, _whole_image(node, stream)


def _without_axes(node: OnnxNode, stream: Stream) -> Stream:
    if node.integer("keepdims", 1):
        return stream
    return replace(stream, order=stream.order.reshape(1, -1))


def _whole_image(node: OnnxNode, stream: Stream) -> Window:
    _, height, width = image_shape(node, stream.order)
    size = (height, width)
    return Window(kernel=size, stride=size, pads=(0, 0, 0, 0), dilation=(1, 1))


def _averaged(
    node: OnnxNode, stream: Stream, window: Window, build: Builder, *, divisor: int
) -> Stream:
    """Return the exact sums of windows; the division is a part of their scale."""
    channels, height, width = image_shape(node, stream.order)
    if channels != stream.channels:
        raise node.unsupported("pools an image that was made by Reshape")
    codes = build.codes(node, stream, tensor_name(node, 0))
    spec = Pool(
        name=build.names.take(node.name),
        reduce=PoolKind.AVERAGE,
        kernel=window.kernel,
        stride=window.stride,
        pads=window.pads,
        dilation=window.dilation,
        channels=channels,
        height=height,
        width=width,
        act=codes.format,
    )
    return Stream(
        source=build.pooled(spec, codes.source, is_never_negative=stream.is_never_negative),
        channels=channels,
        scale=scales(node, np.float64(spec.accumulator_lsb) * codes.scale / divisor),
        order=image_order(channels, spec.out_height, spec.out_width, stream.order.ndim),
        is_never_negative=stream.is_never_negative,
    )


RULES: Mapping[str, Rule] = {
    "MaxPool": _max_pool,
    "GlobalMaxPool": _global_max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average_pool,
    "ReduceMean": _reduce_mean,
    "ReduceSum": _reduce_sum,
}
