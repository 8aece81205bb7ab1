"""The network's input as a stream: its layout, and the integers it is declared to hold."""

import numpy as np

from dse.errors import FormatError, UnsupportedLayerError
from dse.formats import Format, parse_format
from hw_models.frontend.layout import image_order
from hw_models.frontend.names import shown
from hw_models.frontend.network import GraphInput, Network
from hw_models.frontend.values import Stream
from hw_models.graph import INPUT
from hw_models.tail import OutputQuantizer

_LEAVES_AXES = frozenset(
    {"Quant", "IntQuant", "FloatQuant", "Relu", "Identity", "Cast", "Mul", "Div", "Add", "Sub"}
)


def input_stream(network: Network) -> tuple[tuple[int, int, int], Stream]:
    """Return the input's height, width and channels, and its stream.

    Vectors are images of one pixel, sequences images of one row.

    Raises:
        UnsupportedLayerError: It holds something else than real values or small integers.
    """
    shape = network.input.shape
    if _is_channels_last(network):
        height, width, channels = (1, *shape[1:])[-3:]
        order = np.arange(channels * height * width).reshape(shape)
    else:
        channels, *size = shape[1:]
        height, width = (1, 1, *size)[-2:]
        order = image_order(channels, height, width).reshape(shape)
    declared = _declared_format(network.input)
    stream = Stream(
        source=INPUT,
        channels=channels,
        scale=np.ones(1, dtype=np.float32),
        quantizer=None if declared is None else OutputQuantizer(format=declared, scale=1.0),
        order=order,
        is_never_negative=declared is not None and not declared.signed,
    )
    return (height, width, channels), stream


def _is_channels_last(network: Network) -> bool:
    """Whether the input is `(1, h, w, c)`: its channels are moved before an image is read."""
    axes = len(network.input.shape)
    reached = {network.input.name}
    for node in network.nodes:
        if reached.isdisjoint(node.proto.input):
            continue
        if node.op == "Transpose":
            return axes > 2 and node.integers("perm") == (0, axes - 1, *range(1, axes - 1))
        if node.op not in _LEAVES_AXES:
            return False
        reached.update(node.proto.output)
    return False


def _declared_format(graph_input: GraphInput) -> Format | None:
    """Return the format of an input that is declared to hold integers."""
    name = graph_input.datatype
    if name in ("FLOAT", "FLOAT32"):
        return None
    try:
        if name.lower().lstrip("u").startswith("int"):
            return parse_format(name)
    except FormatError:
        pass  # wider than any format here
    raise UnsupportedLayerError(
        f"input '{shown(graph_input.name)}' holds {shown(name)}; it must hold real values (FLOAT) "
        "that a quantizer reads, or integers of at most 16 bits"
    )
