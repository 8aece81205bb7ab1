"""The layer shapes of a traced network as a chain of hardware specs."""

from math import prod

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from dse.errors import UnsupportedLayerError
from dse.formats import Format, parse_format
from dse.quant.trace import TracedNetwork
from hw_models.graph import Accelerator, Mvau, Node, Pool, PoolKind, Requantize, SlidingWindow

_FREE_MODULES = (nn.ReLU, nn.ReLU6, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)
"""Costless: activations belong to the requantizer's tail, the others only name elements anew."""
_FREE_FUNCTIONS = (torch.flatten, torch.relu, nn.functional.relu, nn.functional.dropout)
_FREE_METHODS = ("flatten", "reshape", "view", "relu", "contiguous")


@torch.no_grad()
def template(
    network: TracedNetwork, image_shape: tuple[int, int, int], input_format: Format
) -> Accelerator:
    """Return the network's accelerator with int8 weights and activations, to be re-formatted.

    Args:
        network: Traced network.
        image_shape: `(c, h, w)`.
        input_format: Format of the input codes.

    Raises:
        UnsupportedLayerError: The network is no chain of layers, activations and max pools.
    """
    ShapeProp(network.module).propagate(torch.zeros(1, *image_shape))
    builder = _Chain(network.module, input_format)
    for node in network.module.graph.nodes:
        builder.visit(node)
    return builder.accelerator()


def _shape(node: fx.Node) -> tuple[int, ...]:
    """Return the shape of a node's output for one image, without the batch axis."""
    return tuple(node.meta["tensor_meta"].shape[1:])


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


class _Chain:
    """Collects specs along the graph."""

    def __init__(self, module: fx.GraphModule, input_format: Format) -> None:
        self._module = module
        self._act = input_format  # of the codes that flow where the chain has got to
        self._inner = parse_format("int8")
        self._specs: list[Node] = []

    def accelerator(self) -> Accelerator:
        """Return the chain; the sums of its last layer are its output."""
        if isinstance(self._specs[-1], Requantize):
            self._specs.pop()
        return Accelerator(nodes=tuple(self._specs))

    def visit(self, node: fx.Node) -> None:
        if node.op != "output" and len(node.users) != 1:
            raise UnsupportedLayerError(
                f"the output of '{node.name}' is read {len(node.users)} times; the cost model "
                "knows chains of layers without branches"
            )
        module = self._module.get_submodule(str(node.target)) if node.op == "call_module" else None
        match module:
            case nn.Conv2d():
                self._convolution(node, module)
            case nn.Linear():
                self._linear(node, module)
            case nn.MaxPool2d():
                self._max_pool(node, module)
            case _:
                self._check_free(node, module)

    def _convolution(self, node: fx.Node, layer: nn.Conv2d) -> None:
        kernel, stride, dilation = map(_pair, (layer.kernel_size, layer.stride, layer.dilation))
        pads = _pads(layer, kernel, dilation)
        channels, height, width = _shape(node.all_input_nodes[0])
        if prod(kernel) > 1 or prod(stride) > 1 or any(pads):
            self._specs.append(
                SlidingWindow(
                    name=f"{node.target}.window",
                    kernel=kernel,
                    stride=stride,
                    pads=pads,
                    dilation=dilation,
                    channels=channels,
                    height=height,
                    width=width,
                    act=self._act,
                    groups=layer.groups,
                )
            )
        self._mvau(
            str(node.target),
            mw=prod(kernel) * channels // layer.groups,
            mh=layer.out_channels,
            vectors=prod(_shape(node)[1:]),
            groups=layer.groups,
            taps=prod(kernel),
        )

    def _linear(self, node: fx.Node, layer: nn.Linear) -> None:
        self._mvau(
            str(node.target),
            mw=layer.in_features,
            mh=layer.out_features,
            vectors=prod(_shape(node)[:-1]),
        )

    def _mvau(
        self, name: str, *, mw: int, mh: int, vectors: int, groups: int = 1, taps: int = 1
    ) -> None:
        mvau = Mvau(
            name=name,
            mw=mw,
            mh=mh,
            vectors=vectors,
            groups=groups,
            taps=taps,
            weight=self._inner,
            act=self._act,
        )
        self._act = self._inner
        requantize = Requantize.after(mvau, name=f"{name}.requantize", output=self._inner)
        self._specs += [mvau, requantize]

    def _max_pool(self, node: fx.Node, pool: nn.MaxPool2d) -> None:
        channels, height, width = _shape(node.all_input_nodes[0])
        down, right = _pair(pool.padding)
        if pool.ceil_mode:
            raise UnsupportedLayerError(
                f"max pool '{node.target}' uses ceil_mode; pad the image instead"
            )
        self._specs.append(
            Pool(
                name=str(node.target),
                reduce=PoolKind.MAX,
                kernel=_pair(pool.kernel_size),
                stride=_pair(pool.stride),
                pads=(down, right, down, right),
                dilation=_pair(pool.dilation),
                channels=channels,
                height=height,
                width=width,
                act=self._act,
            )
        )

    def _check_free(self, node: fx.Node, module: nn.Module | None) -> None:
        free = (
            node.op in ("placeholder", "output")
            or isinstance(module, _FREE_MODULES)
            or (node.op == "call_function" and node.target in _FREE_FUNCTIONS)
            or (node.op == "call_method" and node.target in _FREE_METHODS)
        )
        if not free:
            kind = type(module).__name__ if module is not None else node.target
            raise UnsupportedLayerError(
                f"node '{node.name}' ({kind}) has no hardware cost yet; chains of Conv2d, Linear, "
                "BatchNorm, ReLU, ReLU6, MaxPool2d and Flatten have"
            )


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
    down, right = _pair(layer.padding)  # type: ignore[arg-type]  # strings are handled above
    return (down, right, down, right)
