"""A quantized network with scales that training changes, and back to one with constant scales."""

import copy
from dataclasses import replace

import brevitas.nn as qnn
import torch
from torch import fx, nn

from dse.quant.layers import unfilled_layer
from dse.quant.pipeline import QuantizedNetwork
from dse.quant.qat.identity import TrainedIdentity
from dse.quant.quantizers import activation_quantizer, weight_quantizer
from dse.quant.trace import TracedNetwork


def trainable(
    network: QuantizedNetwork, traced: TracedNetwork, *, trains_scales: bool
) -> QuantizedNetwork:
    """Return a copy of a network whose weights, biases and scales gradients reach.

    Rounding passes gradients straight through (Bengio et al., arXiv 1308.3432), saturation stops
    them; scales get theirs as in Esser et al., arXiv 1902.08153. Tensors that share a scale train
    one. The input's scale is the data set's and stays.

    Args:
        network: What `prepare` gives, or an earlier result of this module.
        traced: The float network it was made of.
        trains_scales: Whether scales are trained; otherwise they stay what calibration found.
    """
    made = _rebuilt(network, traced, for_training=True, trains_scales=trains_scales)
    if trains_scales:
        _share_scales(made.module, traced)
    return made


def constant(network: QuantizedNetwork, traced: TracedNetwork) -> QuantizedNetwork:
    """Return a copy of a network with constant scales, in evaluation mode, as `prepare` gives."""
    return _rebuilt(network, traced, for_training=False, trains_scales=False)


@torch.no_grad()
def _rebuilt(
    network: QuantizedNetwork,
    traced: TracedNetwork,
    *,
    for_training: bool,
    trains_scales: bool,
) -> QuantizedNetwork:
    """Return a copy with new quantizers, their scales where those of `network` are now."""
    weights = {layer.layer: layer.weight.narrow() for layer in network.scheme.layers}
    modules: dict[str, nn.Module] = {}
    for node in network.module.graph.nodes:
        if node.op != "call_module":
            continue
        name = str(node.target)
        module = network.module.get_submodule(name)
        match module:
            case qnn.QuantConv2d() | qnn.QuantLinear():
                per_row = (-1, *[1] * (module.weight.ndim - 1))
                scale = _scale(module.weight_quant.tensor_quant).reshape(per_row)
                quantizer = weight_quantizer(weights[name], scale, is_trained=trains_scales)
                layer = unfilled_layer(module, name, quantizer, has_bias=module.bias is not None)
                modules[name] = _with_weights_of(module, layer)
            case qnn.QuantIdentity():
                scale = _scale(_tensor_quant(module))
                is_trained = trains_scales and name != f"{traced.input}_quant"
                act = network.formats[name]
                modules[name] = (
                    TrainedIdentity(act, scale.item(), is_trained=is_trained)
                    if for_training
                    else qnn.QuantIdentity(act_quant=activation_quantizer(act, scale.item()))
                )
            case _:
                modules[name] = copy.deepcopy(module)
    graph = copy.deepcopy(network.module.graph)
    return replace(network, module=fx.GraphModule(modules, graph).eval())


def _with_weights_of(source: nn.Module, layer: nn.Module) -> nn.Module:
    """Copy weight and bias of `source` into `layer`, and return it."""
    for name in ("weight", "bias"):
        values = getattr(source, name)
        if values is not None:
            getattr(layer, name).copy_(values)
    return layer


def _tensor_quant(quantizer: qnn.QuantIdentity) -> nn.Module:
    return quantizer.act_quant.fused_activation_quant_proxy.tensor_quant  # type: ignore[no-any-return]


def _scale(tensor_quant: nn.Module) -> torch.Tensor:
    """Return the float32 scales of a quantizer as they are now."""
    return tensor_quant.scaling_impl(torch.empty(0)).detach().clone()  # type: ignore[operator, no-any-return]


def _share_scales(module: fx.GraphModule, traced: TracedNetwork) -> None:
    """Let the quantizers of each group of tensors train one scale."""
    first: dict[str, nn.Module] = {}
    for tensor in traced.tensors:
        quantizer = module.get_submodule(f"{tensor.name}_quant")
        assert isinstance(quantizer, qnn.QuantIdentity), "prepare puts it there"
        shared = first.setdefault(tensor.group, _tensor_quant(quantizer))
        _tensor_quant(quantizer).scaling_impl = shared.scaling_impl
