"""Reads a float network: its layers, and the tensors that need a quantizer."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from dse.errors import UnsupportedLayerError

WEIGHT_LAYERS = (nn.Conv2d, nn.Linear)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
# max pooling and reshaping return values they were given: a quantizer before them serves after them
_PRESERVING_MODULES = (nn.MaxPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)
_PRESERVING_FUNCTIONS = (torch.flatten, F.max_pool2d, F.dropout, torch.reshape)
_PRESERVING_METHODS = ("flatten", "reshape", "view", "contiguous")
_NONNEGATIVE_MODULES = (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Softmax)
_NONNEGATIVE_FUNCTIONS = (F.relu, torch.relu, F.relu6, torch.sigmoid, F.softmax)


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

    Attributes:
        module: The graph; do not change it, copy it.
        input: Name of the input's node.
        layers: Layers with weights in order of execution.
    """

    module: fx.GraphModule
    input: str
    layers: tuple[TracedLayer, ...]

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers in order of execution."""
        return tuple(layer.name for layer in self.layers)


def trace(network: nn.Module) -> TracedNetwork:
    """Trace a network and merge its BatchNorm layers.

    Merging changes no per-channel quantized weight but its scale: a factor a channel moves from
    BatchNorm into the weight scale.

    Raises:
        UnsupportedLayerError: The network cannot be traced, has several inputs, uses a layer
            twice, or holds weights in a layer that is neither Conv2d, Linear nor a BatchNorm
            right behind one.
    """
    network = copy.deepcopy(network).eval()
    try:
        module = fx.symbolic_trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise UnsupportedLayerError(
            f"the network's forward cannot be traced ({error}); "
            "write it without control flow that depends on values or shapes"
        ) from error
    _merge_batch_norms(module)
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    if len(inputs) != 1:
        raise UnsupportedLayerError(
            f"the network takes {len(inputs)} inputs; bitfront handles networks with one image"
        )
    return TracedNetwork(
        module=module, input=inputs[0].name, layers=tuple(_layers(module, inputs[0]))
    )


def _merge_batch_norms(module: fx.GraphModule) -> None:
    modules = dict(module.named_modules())
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
        module.set_submodule(source.target, fuse(layer, norm))  # type: ignore[type-var]
        node.replace_all_uses_with(source)
        module.graph.erase_node(node)
    module.delete_all_unused_submodules()
    module.recompile()


def _layers(module: fx.GraphModule, input_node: fx.Node) -> list[TracedLayer]:
    modules = dict(module.named_modules())
    layers: list[TracedLayer] = []
    seen: set[str] = set()
    for node in module.graph.nodes:
        if node.op == "get_attr":
            raise UnsupportedLayerError(
                f"the network uses the parameter '{node.target}' outside a layer; "
                "bitfront quantizes the weights of Conv2d and Linear"
            )
        layer = modules.get(node.target) if node.op == "call_module" else None
        if layer is None:
            continue
        if not isinstance(layer, WEIGHT_LAYERS):
            if next(layer.parameters(), None) is not None:
                raise UnsupportedLayerError(
                    f"layer '{node.target}' ({type(layer).__name__}) holds weights bitfront "
                    "cannot quantize; it handles Conv2d, Linear and BatchNorm behind them"
                )
            continue
        if node.target in seen:
            raise UnsupportedLayerError(f"layer '{node.target}' is used twice; give each its own")
        seen.add(node.target)
        source = _producer(node.args[0], modules)
        layers.append(
            TracedLayer(
                name=node.target,
                tensor=source.name,
                nonnegative=source is not input_node and _is_nonnegative(source, modules),
            )
        )
    if not layers:
        raise UnsupportedLayerError("the network has no Conv2d or Linear layer to quantize")
    return layers


def _producer(node: fx.Node, modules: dict[str, nn.Module]) -> fx.Node:
    """Walk up through operations that return values they were given."""
    while _calls(node, modules, _PRESERVING_MODULES, _PRESERVING_FUNCTIONS, _PRESERVING_METHODS):
        node = node.all_input_nodes[0]
    return node


def _is_nonnegative(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    return _calls(node, modules, _NONNEGATIVE_MODULES, _NONNEGATIVE_FUNCTIONS, ("relu",))


def _calls(
    node: fx.Node,
    modules: dict[str, nn.Module],
    kinds: tuple[type[nn.Module], ...],
    functions: tuple[Any, ...],
    methods: tuple[str, ...],
) -> bool:
    match node.op:
        case "call_module":
            return isinstance(modules[str(node.target)], kinds)
        case "call_function":
            return node.target in functions
        case "call_method":
            return node.target in methods
        case _:
            return False
