"""Where the elements of an ONNX tensor are in its NHWC stream.

A tensor's *order* is an integer array of the tensor's shape: the place in the stream of each of its
elements. Reshaping or transposing a tensor does the same to its order and moves no data; what reads
the tensor looks into the order for what it needs.
"""

import numpy as np
from numpy.typing import NDArray

from dse.errors import UnsupportedLayerError
from hw_models.frontend.network import MAX_ELEMENTS, Array, OnnxNode

Order = NDArray[np.int64]


def image_order(channels: int, height: int, width: int, axes: int = 4) -> Order:
    """Return the order of an image `(1, c, h, w)`, or of a sequence `(1, c, w)` for 3 axes.

    Raises:
        UnsupportedLayerError: The image has more than `MAX_ELEMENTS` elements.
    """
    if channels * height * width > MAX_ELEMENTS:
        raise UnsupportedLayerError(
            f"an image of {channels} x {height} x {width} elements is larger than the "
            f"{MAX_ELEMENTS} that are handled"
        )
    places = np.arange(channels * height * width).reshape(1, height, width, channels)
    order = places.transpose(0, 3, 1, 2)
    return order if axes == 4 else order.reshape(1, channels, width)


def image_shape(node: OnnxNode, order: Order) -> tuple[int, int, int]:
    """Return channels, height and width of the image that `node` reads.

    Raises:
        UnsupportedLayerError: The tensor is no image, or its elements were rearranged.
    """
    if order.ndim not in (3, 4) or len(order) != 1:
        raise node.unsupported(f"reads a tensor of shape {order.shape}; it needs (1, c, h, w)")
    _, channels, *_, width = order.shape
    height = order.shape[2] if order.ndim == 4 else 1
    if not np.array_equal(order, image_order(channels, height, width, order.ndim)):
        raise node.unsupported(
            "reads an image whose pixels or channels were rearranged by Reshape or Transpose; "
            "only what a matrix product reads may be rearranged"
        )
    return channels, height, width


def matrix_columns(node: OnnxNode, order: Order) -> tuple[int, Order]:
    """Return how many vectors lie along the last axis, and the order within each.

    Raises:
        UnsupportedLayerError: A vector's elements do not follow each other in the stream.
    """
    rows = order.reshape(-1, order.shape[-1])
    columns = rows[0]
    expected = columns + rows.shape[1] * np.arange(len(rows))[:, None]
    if sorted(columns) != list(range(len(columns))) or not np.array_equal(rows, expected):
        raise node.unsupported(
            f"multiplies along an axis of {rows.shape[1]} elements that do not follow each other "
            "in an NHWC stream; flatten the image, or transpose channels to the last axis"
        )
    return len(rows), columns


def per_channel(
    node: OnnxNode, constant: Array, order: Order, channels: int
) -> NDArray[np.float32]:
    """Return a constant operand as one value, `(1,)`, or one a channel, `(channels,)`.

    Raises:
        DataError: It does not broadcast to the tensor.
        UnsupportedLayerError: It differs between pixels.
    """
    values = np.asarray(constant, dtype=np.float32)
    if not np.isfinite(values).all():
        raise node.damaged("a constant operand holds NaN or infinity")
    if values.size == 1 and values.ndim <= order.ndim:
        return values.reshape(1)
    try:
        full = np.broadcast_to(values, order.shape)
    except ValueError as error:
        raise node.damaged(
            f"a constant of shape {values.shape} does not fit a tensor of shape {order.shape}"
        ) from error
    streamed = np.empty(order.size, dtype=np.float32)
    streamed[order.reshape(-1)] = full.reshape(-1)
    pixels = streamed.reshape(-1, channels)
    if (pixels != pixels[0]).any():
        raise node.unsupported("a constant operand differs between pixels; use one per channel")
    one: NDArray[np.float32] = pixels[0].copy()
    return one
