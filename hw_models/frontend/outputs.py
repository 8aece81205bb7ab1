"""Where the hardware ends and the host goes on."""

from collections.abc import Mapping

import numpy as np

from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import Order
from hw_models.frontend.names import shown
from hw_models.frontend.network import Network, OnnxNode
from hw_models.frontend.rules import movement
from hw_models.frontend.values import OnHost, Stream, Value
from hw_models.model import Model


def finish(
    network: Network, values: Mapping[str, Value], makers: Mapping[str, OnnxNode], build: Builder
) -> Model:
    """Return the model whose outputs are the network's.

    Nodes at the end that only rearrange elements are left to the host, unless the elements come in
    the stream's order.

    Args:
        network: The network.
        values: What its tensors are.
        makers: Nodes that made them.
        build: Nodes of the accelerator so far.

    Raises:
        UnsupportedLayerError: There are several outputs, or none that hardware can give.
    """
    last = network.nodes[-1]
    ends: list[str] = []
    host: list[OnnxNode] = []
    for name in network.outputs:
        value = values.get(name)
        if isinstance(value, OnHost):
            ends.append(value.nodes[0].proto.input[0])
            host += value.nodes
        elif isinstance(value, Stream):
            ends.append(name)
        else:
            raise last.unsupported(f"output '{shown(name)}' does not depend on the input")
    if len(set(ends)) > 1:
        names = ", ".join(f"'{shown(name)}'" for name in network.outputs)
        raise last.unsupported(f"the network has outputs {names}; hardware has one")
    end, moves = _before_moves(ends[0], values, makers)
    stream = values[end]
    assert isinstance(stream, Stream), "only streams end"
    if any(stream.border):
        raise last.unsupported("the network ends in a Pad node")
    return build.model(stream, makers.get(end, last), tuple(dict.fromkeys([*moves, *host])))


def _before_moves(
    tensor: str, values: Mapping[str, Value], makers: Mapping[str, OnnxNode]
) -> tuple[str, list[OnnxNode]]:
    """Return the tensor before the nodes that rearrange `tensor`, and these nodes."""
    stream = values[tensor]
    moves: list[OnnxNode] = []
    if isinstance(stream, Stream) and not _is_in_order(stream.order):
        while tensor in makers and makers[tensor].op in movement.RULES:
            moves.insert(0, makers[tensor])
            tensor = makers[tensor].proto.input[0]
    return tensor, moves


def _is_in_order(order: Order) -> bool:
    """Whether a tensor's elements, its channels taken last, come as in the stream."""
    last = np.moveaxis(order, 1, -1) if order.ndim > 2 else order
    return np.array_equal(last.reshape(-1), np.arange(order.size))
