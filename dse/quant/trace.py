"""Reads a float network: its layers, and the tensors that need a quantizer."""

import copy
import operator
from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from dse.errors import UnsupportedLayerError
from dse.point import HostMath
from dse.quant.attention import spell_out_attention
from dse.quant.canonical import canonicalize
from dse.quant.operations import WEIGHT_LAYERS, Constant, Operation, operation_of, producer
from dse.quant.tensors import TracedTensor, readers, tensors_of

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_BESIDE = (operator.mul, torch.mul, "mul", torch.cat, torch.concat, operator.getitem, "repeat")
"""What may read a parameter that is no layer's: it stays float, element by element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedLayer:
    """A layer with weights.

    Attributes:
        name: Name of the module in the user's network, the layer's identity everywhere.
        tensor: Graph node whose output this layer multiplies, seen through max pooling and
            reshaping; where two layers share it, they share its quantizer.
        nonnegative: That tensor is never negative.
    """

    name: str
    tensor: str
    nonnegative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedNetwork:
    """A float network in evaluation mode as a graph, BatchNorm merged into its layers.

    Functions that hardware leaves to a host, such as softmax and LayerNorm, stay in the graph.

    Attributes:
        module: The graph; do not change it, copy it.
        input: Name of the input's node.
        layers: Layers with weights in order of execution.
        tensors: Tensors that need a quantizer in order of execution.
        normalized: Layers that BatchNorm was merged into.
    """

    module: fx.GraphModule
    input: str
    layers: tuple[TracedLayer, ...]
    tensors: tuple[TracedTensor, ...]
    normalized: frozenset[str]

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers in order of execution."""
        return tuple(layer.name for layer in self.layers)


def trace(network: nn.Module, *, host: HostMath = "float") -> TracedNetwork:
    """Trace a network and merge its BatchNorm layers.

    Merging changes no per-channel quantized weight but its scale: a factor a channel moves from
    BatchNorm into the weight scale.

    Args:
        network: The network; it is left as it is.
        host: Whether functions that a host computes read ``float`` or ``quantized`` tensors.

    Raises:
        UnsupportedLayerError: The network cannot be traced, has several inputs, uses a layer
            twice, holds weights in a layer that is neither Conv2d, Linear, LayerNorm nor a
            BatchNorm right behind one of the first two, or adds its input to something.
    """
    network = spell_out_attention(copy.deepcopy(network).eval())
    try:
        module = fx.symbolic_trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise UnsupportedLayerError(
            f"the network's forward cannot be traced ({error}); "
            "write it without control flow that depends on values or shapes"
        ) from error
    canonicalize(module)
    normalized = _merge_batch_norms(module)
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    if len(inputs) != 1:
        raise UnsupportedLayerError(
            f"the network takes {len(inputs)} inputs; bitfront handles networks with one image"
        )
    layers = _layers(module)
    _check_parameters(module)
    tensors = tensors_of(module, inputs[0], quantizes_host=host == "quantized")
    nonnegative = {tensor.name: tensor.nonnegative for tensor in tensors}
    return TracedNetwork(
        module=module,
        input=inputs[0].name,
        layers=tuple(
            TracedLayer(name=name, tensor=tensor, nonnegative=nonnegative[tensor])
            for name, tensor in layers.items()
        ),
        tensors=tensors,
        normalized=normalized,
    )


def _merge_batch_norms(module: fx.GraphModule) -> frozenset[str]:
    """Merge each BatchNorm into the layer before it and return the names of those layers."""
    modules = dict(module.named_modules())
    merged: set[str] = set()
    for node in list(module.graph.nodes):
        norm = modules.get(node.target) if node.op == "call_module" else None
        if not isinstance(norm, _BATCH_NORMS):
            continue
        source = node.args[0]
        layer = modules.get(source.target) if source.op == "call_module" else None
        if not isinstance(layer, WEIGHT_LAYERS) or len(source.users) != 1:
            raise UnsupportedLayerError(
                f"BatchNorm '{node.target}' does not directly follow a Conv2d or Linear of its "
                "own; move it behind one, or merge it yourself"
            )
        fuse = fuse_conv_bn_eval if isinstance(layer, nn.Conv2d) else fuse_linear_bn_eval
        merged.add(str(source.target))
        module.set_submodule(source.target, fuse(layer, norm))  # type: ignore[type-var]
        node.replace_all_uses_with(source)
        module.graph.erase_node(node)
    module.delete_all_unused_submodules()
    module.recompile()
    return frozenset(merged)


def _layers(module: fx.GraphModule) -> dict[str, str]:
    """Return the tensor that each layer with weights multiplies, by the layer's name."""
    modules = dict(module.named_modules())
    layers: dict[str, str] = {}
    for node in module.graph.nodes:
        layer = modules.get(node.target) if node.op == "call_module" else None
        if layer is None:
            continue
        if not isinstance(layer, WEIGHT_LAYERS):
            is_host = operation_of(node, module) is Operation.HOST
            if not is_host and next(layer.parameters(), None) is not None:
                raise UnsupportedLayerError(
                    f"layer '{node.target}' ({type(layer).__name__}) holds weights bitfront "
                    "cannot quantize; it handles Conv2d, Linear and BatchNorm behind them, and "
                    "keeps LayerNorm in float"
                )
            continue
        if node.target in layers:
            raise UnsupportedLayerError(f"layer '{node.target}' is used twice; give each its own")
        layers[node.target] = producer(node.args[0], module).name
    if not layers:
        raise UnsupportedLayerError("the network has no Conv2d or Linear layer to quantize")
    return layers


def _check_parameters(module: fx.GraphModule) -> None:
    """Refuse parameters outside a layer that act as its weights would.

    Raises:
        UnsupportedLayerError: Names the first.
    """
    modules = dict(module.named_modules())
    for node in module.graph.nodes:
        if node.op != "call_module" or not isinstance(modules[str(node.target)], Constant):
            continue
        for reader in readers(node, module):
            operation = operation_of(reader, module)
            if operation not in (Operation.ADD, Operation.HOST) and reader.target not in _BESIDE:
                raise UnsupportedLayerError(
                    f"the network uses the parameter '{node.name}' outside a layer, in "
                    f"'{reader.name}'; bitfront quantizes the weights of Conv2d and Linear"
                )
