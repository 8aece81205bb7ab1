"""Puts a scheme's quantizers into a calibrated float network: the Brevitas form of a point."""

import copy
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

import brevitas.nn as qnn
import torch
from torch import fx, nn

from dse.errors import DesignError, UnsupportedLayerError
from dse.formats import Format
from dse.point import LayerScheme, Scheme
from dse.quant.calibration import Histogram, activation_scale, calibrate, weight_scales
from dse.quant.quantizers import activation_quantizer, weight_quantizer
from dse.quant.trace import TracedLayer, TracedNetwork

_MODULES_KEPT = 512
"""Brevitas modules kept for reuse; a quantized layer holds a copy of its weights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedNetwork:
    """A network of Brevitas modules.

    Attributes:
        module: Graph of `QuantConv2d`, `QuantLinear` and `QuantIdentity` in evaluation mode.
        formats: Format of each `QuantIdentity`, by its module's name.
    """

    module: fx.GraphModule
    formats: dict[str, Format]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedNetwork:
    """A float network with the statistics its quantizers are derived from.

    Attributes:
        network: The traced float network.
        histograms: Distribution of each tensor that layers multiply, by graph node.
        input_scale: Scale of the network's input quantizer.
    """

    network: TracedNetwork
    histograms: dict[str, Histogram]
    input_scale: float
    _modules: dict[Hashable, nn.Module] = field(default_factory=dict)

    @classmethod
    def from_images(
        cls, network: TracedNetwork, batches: Iterable[torch.Tensor], input_scale: float
    ) -> "CalibratedNetwork":
        """Run the calibration images through the float network and keep its statistics."""
        return cls(network=network, histograms=calibrate(network, batches), input_scale=input_scale)

    def quantized_layer(self, wanted: LayerScheme, scheme: Scheme) -> nn.Module:
        """Return the Brevitas form of a layer; integer weights are in narrow range."""
        weight = wanted.weight.narrow()
        key = (wanted.layer, weight, scheme.granularity, scheme.weight_range, scheme.scale)
        return self._made(key, lambda: self._make_layer(wanted.layer, weight, scheme))

    def quantizer(self, layer: TracedLayer, act: Format, scheme: Scheme) -> nn.Module:
        """Return the quantizer of the tensor a layer multiplies."""
        key = (layer.tensor, act, scheme.act_range, scheme.scale)
        return self._made(key, lambda: self._make_quantizer(layer.tensor, act, scheme))

    def _made(self, key: Hashable, make: Callable[[], nn.Module]) -> nn.Module:
        """Return a module made earlier, or make it: a sweep asks for few distinct ones."""
        if key not in self._modules:
            if len(self._modules) >= _MODULES_KEPT:
                self._modules.clear()
            with torch.random.fork_rng(devices=[]):  # Brevitas draws weights that we replace
                self._modules[key] = make().eval()
        return self._modules[key]

    def _make_quantizer(self, tensor: str, act: Format, scheme: Scheme) -> nn.Module:
        scale = (
            self.input_scale
            if tensor == self.network.input
            else activation_scale(self.histograms[tensor], act, scheme.act_range, scheme.scale)
        )
        return qnn.QuantIdentity(act_quant=activation_quantizer(act, scale))  # type: ignore[no-any-return]

    def _make_layer(self, name: str, number_format: Format, scheme: Scheme) -> nn.Module:
        layer = self.network.module.get_submodule(name)
        assert isinstance(layer, nn.Conv2d | nn.Linear), "trace() admits no other"
        weight = layer.weight.detach()
        rows = len(weight) if scheme.granularity == "per_channel" else 1
        scales = weight_scales(
            weight.numpy().reshape(rows, -1), number_format, scheme.weight_range, scheme.scale
        )
        per_row = torch.from_numpy(scales).reshape(rows, *[1] * (weight.ndim - 1))
        quantized = _brevitas_layer(layer, name, weight_quantizer(number_format, per_row))
        quantized.load_state_dict(layer.state_dict(), strict=False)
        return quantized


def prepare(calibrated: CalibratedNetwork, scheme: Scheme) -> QuantizedNetwork:
    """Return the Brevitas network of a scheme, its scales set, in evaluation mode.

    A tensor's quantizer sits where the tensor is made; everything that reads the tensor sees it
    quantized. Networks of one `CalibratedNetwork` share modules: copy one before changing it.

    Raises:
        DesignError: The scheme's layers are not the network's, or layers that share a tensor ask
            for different formats of it.
        FormatError: Brevitas cannot express a format.
    """
    network = calibrated.network
    asked = tuple(layer.layer for layer in scheme.layers)
    if asked != network.layer_names:
        raise DesignError(
            f"the scheme is for layers {', '.join(asked)}; "
            f"the network has {', '.join(network.layer_names)}"
        )
    graph = copy.deepcopy(network.module.graph)
    nodes = {node.name: node for node in graph.nodes}
    modules = {name: module for name, module in network.module.named_modules() if name}
    formats: dict[str, Format] = {}
    for layer, wanted in zip(network.layers, scheme.layers, strict=True):
        modules[layer.name] = calibrated.quantized_layer(wanted, scheme)
        quantizer = f"{layer.tensor}_quant"
        if quantizer not in formats:
            formats[quantizer] = wanted.act
            modules[quantizer] = calibrated.quantizer(layer, wanted.act, scheme)
            _insert_after(graph, nodes[layer.tensor], quantizer)
        elif formats[quantizer] != wanted.act:
            raise DesignError(
                f"layer '{layer.name}' wants {wanted.act.name} inputs, but another layer "
                f"multiplies the same tensor in {formats[quantizer].name}; use one format"
            )
    return QuantizedNetwork(module=fx.GraphModule(modules, graph).eval(), formats=formats)


def _insert_after(graph: fx.Graph, node: fx.Node, quantizer: str) -> None:
    with graph.inserting_after(node):
        quantized = graph.call_module(quantizer, (node,))
    node.replace_all_uses_with(quantized, delete_user_cb=lambda user: user is not quantized)


def _brevitas_layer(layer: nn.Conv2d | nn.Linear, name: str, quantizer: type) -> nn.Module:
    has_bias = layer.bias is not None
    if isinstance(layer, nn.Linear):
        return qnn.QuantLinear(  # type: ignore[no-any-return]
            layer.in_features, layer.out_features, bias=has_bias, weight_quant=quantizer
        )
    if layer.padding_mode != "zeros":
        raise UnsupportedLayerError(
            f"layer '{name}' pads with mode '{layer.padding_mode}'; use zero padding"
        )
    return qnn.QuantConv2d(  # type: ignore[no-any-return]
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=has_bias,
        weight_quant=quantizer,
    )
