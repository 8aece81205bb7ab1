"""Puts a scheme's quantizers into a calibrated float network: the Brevitas form of a point."""

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import brevitas.nn as qnn
import torch
from torch import fx, nn

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import ActRange, LayerScheme, Scheme
from dse.quant.calibration import Histogram, activation_scale, calibrate, weight_scales
from dse.quant.layers import LayerNumbers, bias_of, brevitas_layer, weight_of
from dse.quant.quantizers import activation_quantizer
from dse.quant.tensors import TracedTensor
from dse.quant.trace import TracedNetwork

BEHIND_THE_LAST_LAYER = parse_format("int8")
"""Format of tensors that no layer follows, such as those of a final average pool or addition."""

_MODULES_KEPT = 512
"""Brevitas modules kept for reuse; a quantized layer holds a copy of its weights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedNetwork:
    """A network of Brevitas modules.

    Attributes:
        module: Graph of `QuantConv2d`, `QuantLinear` and `QuantIdentity` in evaluation mode.
        formats: Format of each `QuantIdentity`, by its module's name.
        scheme: Formats of the layers, and how scales are found.
    """

    module: fx.GraphModule
    formats: dict[str, Format]
    scheme: Scheme

    def with_modules(self, modules: dict[str, nn.Module]) -> "QuantizedNetwork":
        """Return the network with other modules in the place of those of the same names."""
        present = {name: module for name, module in self.module.named_modules() if name}
        graph = copy.deepcopy(self.module.graph)
        return replace(self, module=fx.GraphModule(present | modules, graph).eval())

    def with_scales(self, scales: dict[str, float]) -> "QuantizedNetwork":
        """Return the network with other scales of some of its `QuantIdentity`, by their names."""
        modules = {
            name: _quantizer(self.formats[name], scale).eval() for name, scale in scales.items()
        }
        return self.with_modules(modules)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedNetwork:
    """A float network with the statistics its quantizers are derived from.

    Attributes:
        network: The traced float network.
        histograms: Distribution of each group of tensors, by the group's name.
        images: Calibration images, real values, in batches `(n, c, h, w)`.
        input_scale: Scale of the network's input quantizer.
    """

    network: TracedNetwork
    histograms: dict[str, Histogram]
    images: tuple[torch.Tensor, ...]
    input_scale: float
    _modules: dict[Hashable, nn.Module] = field(default_factory=dict)

    @classmethod
    def from_images(
        cls, network: TracedNetwork, batches: Iterable[torch.Tensor], input_scale: float
    ) -> "CalibratedNetwork":
        """Run the calibration images through the float network and keep its statistics."""
        images = tuple(batches)
        histograms = calibrate(network, images)
        return cls(network=network, histograms=histograms, images=images, input_scale=input_scale)

    def rewritten(self, network: TracedNetwork) -> "CalibratedNetwork":
        """Return `network`, which takes this one's place, calibrated on the same images."""
        return CalibratedNetwork.from_images(network, self.images, self.input_scale)

    def quantized_layer(self, wanted: LayerScheme, scheme: Scheme) -> nn.Module:
        """Return the Brevitas form of a layer; integer weights are in narrow range."""
        weight = wanted.weight.narrow()
        key = (wanted.layer, weight, scheme.granularity, scheme.weight_range, scheme.scale)
        return self._made(key, lambda: self._make_layer(wanted.layer, weight, scheme))

    def quantizers(
        self, acts: Sequence[tuple[TracedTensor, Format]], scheme: Scheme
    ) -> dict[str, nn.Module]:
        """Return each tensor's own quantizer, by its module's name; a group has one scale.

        It is searched for a format with a sign if a tensor of the group has one.
        """
        of_scale: dict[str, Format] = {}
        for tensor, act in acts:
            if act.signed or tensor.group not in of_scale:
                of_scale[tensor.group] = act
        made = {}
        for tensor, act in acts:
            scaled = of_scale[tensor.group]
            key = (tensor.name, act, scaled, scheme.act_range, scheme.scale)
            made[f"{tensor.name}_quant"] = self._made(
                key, partial(self._make_quantizer, tensor, act, scaled, scheme)
            )
        return made

    def with_ranges(self, network: QuantizedNetwork, method: ActRange) -> QuantizedNetwork:
        """Return a quantized network whose activation scales are found by another method."""
        scheme = replace(network.scheme, act_range=method)
        names = {f"{tensor.name}_quant": tensor for tensor in self.network.tensors}
        acts = [(names[name], act) for name, act in network.formats.items()]
        return network.with_modules(self.quantizers(acts, scheme))

    def _made(self, key: Hashable, make: Callable[[], nn.Module]) -> nn.Module:
        """Return a module made earlier, or make it: a sweep asks for few distinct ones."""
        if key not in self._modules:
            if len(self._modules) >= _MODULES_KEPT:
                self._modules.clear()
            self._modules[key] = make().eval()
        return self._modules[key]

    def _make_quantizer(
        self, tensor: TracedTensor, act: Format, scaled: Format, scheme: Scheme
    ) -> nn.Module:
        scale = (
            self.input_scale
            if tensor.name == self.network.input
            else activation_scale(
                self.histograms[tensor.group], scaled, scheme.act_range, scheme.scale
            )
        )
        return _quantizer(act, scale)

    def _make_layer(self, name: str, number_format: Format, scheme: Scheme) -> nn.Module:
        layer = self.network.module.get_submodule(name)
        assert isinstance(layer, nn.Conv2d | nn.Linear), "trace() admits no other"
        weight = weight_of(layer)
        rows = len(weight) if scheme.granularity == "per_channel" else 1
        scales = weight_scales(
            weight.reshape(rows, -1), number_format, scheme.weight_range, scheme.scale
        )
        numbers = LayerNumbers(
            weight=weight, scales=scales, bias=bias_of(layer), number_format=number_format
        )
        return brevitas_layer(layer, name, numbers)


def prepare(calibrated: CalibratedNetwork, scheme: Scheme) -> QuantizedNetwork:
    """Return the Brevitas network of a scheme, its scales set, in evaluation mode.

    A tensor's quantizer sits where the tensor is made; everything that reads the tensor sees it
    quantized. Networks of one `CalibratedNetwork` share modules: copy one before changing it.

    Raises:
        DesignError: The scheme's layers are not the network's, or layers whose inputs share a scale
            ask for formats that differ in more than the sign.
        FormatError: Brevitas cannot express a format.
    """
    network = calibrated.network
    graph = copy.deepcopy(network.module.graph)
    nodes = {node.name: node for node in graph.nodes}
    modules = {name: module for name, module in network.module.named_modules() if name}
    acts = list(activation_formats(network, scheme))
    modules |= calibrated.quantizers(acts, scheme)
    for tensor, _ in acts:
        _insert_after(graph, nodes[tensor.name], f"{tensor.name}_quant")
    for wanted in scheme.layers:
        modules[wanted.layer] = calibrated.quantized_layer(wanted, scheme)
    module = fx.GraphModule(modules, graph).eval()
    formats = {f"{tensor.name}_quant": act for tensor, act in acts}
    return QuantizedNetwork(module=module, formats=formats, scheme=scheme)


def activation_formats(
    network: TracedNetwork, scheme: Scheme
) -> Iterator[tuple[TracedTensor, Format]]:
    """Yield the tensors of a network that need a quantizer, and the formats a scheme gives them.

    A tensor that no layer multiplies has the format of `TracedTensor.layer`, with a sign where it
    may be negative, or `BEHIND_THE_LAST_LAYER`.

    Raises:
        DesignError: The scheme's layers are not the network's, or layers whose inputs share a scale
            ask for formats that differ in more than the sign.
        FormatError: There is no such format with a sign.
    """
    asked = tuple(layer.layer for layer in scheme.layers)
    if asked != network.layer_names:
        raise DesignError(
            f"the scheme is for layers {', '.join(asked)}; "
            f"the network has {', '.join(network.layer_names)}"
        )
    group_of = {tensor.name: tensor.group for tensor in network.tensors}
    multiplied: dict[str, Format] = {}
    shared: dict[str, Format] = {}
    for layer, wanted in zip(network.layers, scheme.layers, strict=True):
        own = multiplied.setdefault(layer.tensor, wanted.act)
        of_group = shared.setdefault(group_of[layer.tensor], wanted.act)
        if own != wanted.act or not _differ_in_sign_at_most(of_group, wanted.act):
            raise DesignError(
                f"layer '{layer.name}' wants {wanted.act.name} inputs, but these share a "
                f"quantizer with the inputs of another layer, in {of_group.name}; use one format"
            )
    acts = {layer.layer: layer.act for layer in scheme.layers}
    for tensor in network.tensors:
        if tensor.name in multiplied:
            yield tensor, multiplied[tensor.name]
        elif tensor.group in shared:
            act = shared[tensor.group]
            yield tensor, act if tensor.nonnegative else act.with_sign()
        elif not tensor.layer:
            yield tensor, BEHIND_THE_LAST_LAYER
        elif tensor.nonnegative or tensor.name == network.input:
            yield tensor, acts[tensor.layer]
        else:
            yield tensor, acts[tensor.layer].with_sign()


def _differ_in_sign_at_most(one: Format, other: Format) -> bool:
    if one.signed == other.signed:
        return one == other
    return one.unsigned() == other if one.signed else one == other.unsigned()


def _quantizer(act: Format, scale: float) -> nn.Module:
    return qnn.QuantIdentity(act_quant=activation_quantizer(act, scale))  # type: ignore[no-any-return]


def _insert_after(graph: fx.Graph, node: fx.Node, quantizer: str) -> None:
    with graph.inserting_after(node):
        quantized = graph.call_module(quantizer, (node,))
    node.replace_all_uses_with(quantized, delete_user_cb=lambda user: user is not quantized)
