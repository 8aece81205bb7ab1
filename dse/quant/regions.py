"""Where a float network lets factors per channel move from one layer to the next."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.quant.layers import FloatLayer
from dse.quant.operations import Operation, operation_of

Floats = npt.NDArray[np.float64]

_HOMOGENEOUS_MODULES = (nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)
_HOMOGENEOUS_CALLS = (F.relu, torch.relu, "relu", torch.flatten, "flatten", F.dropout, "contiguous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Tensors between layers, all of whose channels may be scaled by positive factors.

    Everything in between (ReLU, pooling, flattening, addition) gives f(s·x) = s·f(x), so what the
    sources divide, channel by channel, the sinks multiply again.

    Attributes:
        sources: Layers that make the tensors.
        sinks: Layers that read them, and nothing else does.
        channels: Output channels of each source.
        norms: LayerNorms that make some of the tensors; their weights and biases stay float.
    """

    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    channels: int
    norms: tuple[str, ...] = ()


def regions_of(module: fx.GraphModule) -> tuple[Region, ...]:
    """Return the regions of a canonical graph, in the order of their first tensors."""
    parent: dict[fx.Node, fx.Node] = {node: node for node in module.graph.nodes}

    def root(node: fx.Node) -> fx.Node:
        while (above := parent[node]) is not node:
            node = above
        return node

    fixed: set[fx.Node] = set()
    readers: list[fx.Node] = []
    norms: list[fx.Node] = []
    for node in module.graph.nodes:
        if operation_of(node, module) is Operation.LAYER:
            readers.append(node)
        elif _is_channel_norm(node, module):
            norms.append(node)
            fixed.update(node.all_input_nodes)
        elif _is_homogeneous(node, module):
            for source in node.all_input_nodes:
                parent[root(source)] = root(node)
        else:
            fixed |= {node, *node.all_input_nodes}
    pinned = {root(node) for node in fixed}
    found = []
    for place in dict.fromkeys(root(node) for node in module.graph.nodes):
        sources = tuple(str(node.target) for node in readers if root(node) is place)
        sinks = tuple(
            str(node.target) for node in readers if root(node.all_input_nodes[0]) is place
        )
        made = tuple(str(node.target) for node in norms if root(node) is place)
        widths = {len(_layer(module, name).weight) for name in sources}
        widths |= {len(_norm(module, name).weight) for name in made}
        if place not in pinned and sinks and len(widths) == 1:
            region = Region(sources=sources, norms=made, sinks=sinks, channels=widths.pop())
            if _keeps_channels(module, region):
                found.append(region)
    return tuple(found)


def _keeps_channels(module: fx.GraphModule, region: Region) -> bool:
    """Return whether the sinks' inputs are the sources' channels, each in one piece.

    They are not where vectors of several tokens are flattened into one.
    """
    has_vectors = region.norms or any(
        isinstance(_layer(module, name), nn.Linear) for name in region.sources
    )
    sinks = [_layer(module, name) for name in region.sinks]
    return not has_vectors or all(
        isinstance(sink, nn.Linear) and sink.in_features == region.channels for sink in sinks
    )


def source_ranges(module: fx.GraphModule, region: Region) -> Floats:
    """Return the largest weight magnitude of each channel over the sources, `(channels,)`."""
    weights = (_layer(module, name).weight.detach().double() for name in region.sources)
    ranges = [weight.abs().flatten(1).amax(dim=1).numpy() for weight in weights]
    return np.max(ranges, axis=0)  # type: ignore[no-any-return]


def sink_ranges(module: fx.GraphModule, region: Region) -> Floats:
    """Return the largest weight magnitude each channel meets over the sinks, `(channels,)`."""
    ranges = []
    for name in region.sinks:
        weight = _by_channel(_layer(module, name), region.channels)
        ranges.append(weight.abs().amax(dim=(1, 3)).flatten().double().numpy())
    return np.max(ranges, axis=0)  # type: ignore[no-any-return]


@torch.no_grad()
def rescale(module: fx.GraphModule, region: Region, factors: Floats) -> None:
    """Divide the sources' channels by `factors` `(channels,)`; the sinks multiply by them."""
    by = torch.from_numpy(factors).float()
    for name in region.norms:
        norm = _norm(module, name)
        norm.weight.div_(by)
        norm.bias.div_(by)
    for name in region.sources:
        layer = _layer(module, name)
        layer.weight /= by.reshape(-1, *[1] * (layer.weight.ndim - 1))
        if layer.bias is not None:
            layer.bias /= by
    for name in region.sinks:
        weight = _by_channel(_layer(module, name), region.channels)  # a view
        weight *= by.reshape(weight.shape[0], 1, weight.shape[2], 1)


def _by_channel(layer: FloatLayer, channels: int) -> torch.Tensor:
    """View weights as `(groups, out of a group, channels of a group, weights of a channel)`."""
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    weight = layer.weight.detach()
    return weight.view(groups, len(weight) // groups, channels // groups, -1)


def _is_homogeneous(node: fx.Node, module: fx.GraphModule) -> bool:
    operation = operation_of(node, module)
    if operation in (Operation.ADD, Operation.AVERAGE):
        return True
    if node.op == "call_module":
        return isinstance(module.get_submodule(str(node.target)), _HOMOGENEOUS_MODULES)
    return node.op in ("call_function", "call_method") and node.target in _HOMOGENEOUS_CALLS


def _is_channel_norm(node: fx.Node, module: fx.GraphModule) -> bool:
    """Return whether `node` is a LayerNorm over channels with a weight and a bias for each."""
    norm = module.get_submodule(str(node.target)) if node.op == "call_module" else None
    return (
        isinstance(norm, nn.LayerNorm)
        and len(norm.normalized_shape) == 1
        and norm.weight is not None
        and norm.bias is not None
    )


def _norm(module: fx.GraphModule, name: str) -> nn.LayerNorm:
    norm = module.get_submodule(name)
    assert isinstance(norm, nn.LayerNorm)
    return norm


def _layer(module: fx.GraphModule, name: str) -> FloatLayer:
    layer = module.get_submodule(name)
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    return layer
