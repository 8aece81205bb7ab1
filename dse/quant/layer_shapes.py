"""Layers of a traced network as matrix units, with the windows in front of them."""

from math import prod

import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.formats import Format, parse_format
from hw_models.nodes import Mvau, SlidingWindow

ACTIVATIONS = (nn.ReLU, nn.ReLU6)
ACTIVATION_CALLS = (torch.relu, F.relu, F.relu6, "relu")
"""Activation functions that become part of a requantizer."""

_WEIGHT = parse_format("int8")


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """Return the shape of a node's output for one image, without the batch axis.

    Args:
        node: Node of a graph through which `ShapeProp` sent one image.
    """
    return tuple(node.meta["tensor_meta"].shape[1:])


def pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of a setting that may be one number for both."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def convolution(node: fx.Node, layer: nn.Conv2d, act: Format) -> tuple[SlidingWindow | None, Mvau]:
    """Return a convolution's matrix unit and the window that feeds it, if it needs one.

    Args:
        node: Its node, with shapes. Zero padding in front of it becomes part of the window.
        layer: The layer; the weights' format is int8.
        act: Format of its input codes.
    """
    kernel, stride, dilation = map(pair, (layer.kernel_size, layer.stride, layer.dilation))
    source = node.all_input_nodes[0]
    pads = _pads(layer, kernel, dilation)
    while (padding := _padding(source)) is not None:
        left, right, top, bottom = padding
        pads = (pads[0] + top, pads[1] + left, pads[2] + bottom, pads[3] + right)
        source = source.all_input_nodes[0]
    channels, height, width = shape_of(source)
    mvau = Mvau(
        name=str(node.target),
        mw=prod(kernel) * channels // layer.groups,
        mh=layer.out_channels,
        vectors=prod(shape_of(node)[1:]),
        groups=layer.groups,
        taps=prod(kernel),
        weight=_WEIGHT,
        act=act,
    )
    if prod(kernel) == prod(stride) == 1 and not any(pads):
        return None, mvau
    window = SlidingWindow(
        name=f"{node.target}.window",
        kernel=kernel,
        stride=stride,
        pads=pads,
        dilation=dilation,
        channels=channels,
        height=height,
        width=width,
        act=act,
        groups=layer.groups,
    )
    return window, mvau


def linear(node: fx.Node, layer: nn.Linear, act: Format) -> Mvau:
    """Return a linear layer's matrix unit; weights in int8, input codes in `act`."""
    vectors = prod(node.meta["tensor_meta"].shape) // layer.out_features  # of a batch of one
    return Mvau(
        name=str(node.target),
        mw=layer.in_features,
        mh=layer.out_features,
        vectors=vectors,
        weight=_WEIGHT,
        act=act,
    )


def _padding(node: fx.Node) -> tuple[int, ...] | None:
    """Return what a `ZeroPad2d` adds at left, right, top and bottom; `None` for other nodes."""
    owner = node.graph.owning_module
    called = owner.get_submodule(str(node.target)) if node.op == "call_module" and owner else None
    return tuple(called.padding) if isinstance(called, nn.ZeroPad2d) else None


def _pads(
    layer: nn.Conv2d, kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return rows and columns of padding at top, left, bottom, right."""
    if layer.padding == "valid":
        return (0, 0, 0, 0)
    if layer.padding == "same":
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        top, left = reach[0] // 2, reach[1] // 2  # torch puts the odd one at the end
        return (top, left, reach[0] - top, reach[1] - left)
    down, right = pair(layer.padding)  # type: ignore[arg-type]  # strings are handled above
    return (down, right, down, right)
