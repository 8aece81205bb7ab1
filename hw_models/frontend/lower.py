"""From the graph of a file to a model: one walk, node by node."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from hw_models.frontend import constants
from hw_models.frontend.builder import Builder
from hw_models.frontend.inputs import input_stream
from hw_models.frontend.names import shown
from hw_models.frontend.network import Network, OnnxNode
from hw_models.frontend.outputs import finish
from hw_models.frontend.rules import (
    activations,
    arithmetic,
    layers,
    movement,
    padding,
    pools,
    quantization,
)
from hw_models.frontend.rules.operands import Operands
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Constant, OnHost, Stream, Value
from hw_models.model import Model

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **quantization.RULES,
        **layers.RULES,
        **activations.RULES,
        **arithmetic.RULES,
        **pools.RULES,
        **movement.RULES,
        **padding.RULES,
    }
)

_ENDS = frozenset({"Softmax", "LogSoftmax", "Hardmax", "ArgMax", "ArgMin", "TopK"})
"""What the host does with the last layer's values."""

_BEHIND_ENDS = frozenset({*_ENDS, *movement.RULES, *arithmetic.RULES, *activations.RULES})


_ADVICE = (
    (
        "Gelu HardSwish Mish Silu Swish Erf Sin Cos",
        "it is not monotone, so it cannot be a part of a requantizer; use ReLU or Sigmoid",
    ),
    ("ConvTranspose Resize Upsample DepthToSpace", "enlarge images outside of the network"),
    ("Trunc QuantAvgPool2d", "average by AveragePool, then quantize by Quant"),
    ("MultiThreshold XnorPopcountMatMul Im2Col", "give the QONNX file as it was before FINN"),
    ("LayerNormalization InstanceNormalization GroupNormalization", "use BatchNormalization"),
    ("LSTM GRU RNN Loop If Scan", "only networks without state or control flow have"),
)
"""What to do instead of operators that people try, first of all those with another name."""

_KEEP_ZERO = frozenset(
    {*quantization.RULES, "Relu", "Identity", "Dropout", "Cast", "Conv", "AveragePool", "Pad"}
)
"""What may follow a Pad node: it makes 0 of 0, or slides a window."""


def lower(network: Network) -> Model:
    """Return the model that computes `network`.

    Raises:
        UnsupportedLayerError: Nodes without hardware, by name, with what to do.
        DataError: Nodes that contradict the standard or each other.
    """
    _require_known(network.nodes)
    shape, stream = input_stream(network)
    build = Builder(network.input.name, shape, network.declared_acts)
    if stream.quantizer is not None:
        build.quantize_input(None, stream.quantizer)
    values: dict[str, Value] = {
        name: Constant(values=array) for name, array in network.constants.items()
    }
    values[network.input.name] = stream
    makers: dict[str, OnnxNode] = {}
    for node in network.nodes:
        operands = [_operand(node, name, values) for name in node.proto.input]
        value = _value_of(node, operands, build)
        for name in node.proto.output if isinstance(value, OnHost) else node.proto.output[:1]:
            values[name], makers[name] = value, node
    return finish(network, values, makers, build)


def _operand(node: OnnxNode, name: str, values: Mapping[str, Value]) -> Value | None:
    if name and name not in values:  # all but first outputs, such as the places of maxima
        raise node.unsupported(f"reads '{shown(name)}', an output that has no hardware")
    return values[name] if name else None


def _require_known(nodes: tuple[OnnxNode, ...]) -> None:
    known = {*RULES, *_ENDS, *constants.FOLDABLE, "Shape"}
    strange = [node for node in nodes if node.op not in known]
    if strange:
        more = f" (nor have {len(strange) - 1} more nodes)" if len(strange) > 1 else ""
        supported = f"supported are {', '.join(sorted({*RULES, *_ENDS}))}"
        advice = next((text for ops, text in _ADVICE if strange[0].op in ops.split()), supported)
        raise strange[0].unsupported(f"has no hardware{more}; {advice}")


def _value_of(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    host = [operand for operand in operands if isinstance(operand, OnHost)]
    if host or node.op in _ENDS:
        return _on_host(node, operands, host)
    bordered = any(isinstance(operand, Stream) and any(operand.border) for operand in operands)
    if bordered and node.op not in _KEEP_ZERO:
        raise node.unsupported(
            "follows a Pad node; only quantizers, ReLU, convolutions and average pools may"
        )
    if node.op == "Shape":
        return _shape(node, operands)
    is_constant = all(operand is None or isinstance(operand, Constant) for operand in operands)
    if is_constant and node.op not in {*quantization.RULES, *movement.RULES} - {"Cast"}:
        arrays = [op.values if isinstance(op, Constant) else None for op in operands]
        return Constant(values=constants.evaluate(node, arrays))
    if node.op not in RULES:
        raise node.unsupported("has no hardware where it reads the network's input")
    return RULES[node.op](node, operands, build)


def _on_host(node: OnnxNode, operands: Operands, host: list[OnHost]) -> OnHost:
    """Return what the host makes of the last stream."""
    if not host and operands and isinstance(operands[0], Stream):
        return OnHost(stream=operands[0], nodes=(node,))
    if not host or any(isinstance(operand, Stream) for operand in operands):
        raise node.unsupported("must follow the network's last layer")
    if node.op not in _BEHIND_ENDS:
        raise node.unsupported(
            f"follows {host[0].nodes[-1]}, which is left to the host and must be at the end"
        )
    return OnHost(stream=host[0].stream, nodes=(*host[0].nodes, node))


def _shape(node: OnnxNode, operands: Operands) -> Constant:
    subject = operands[0] if operands else None
    if isinstance(subject, Stream):
        shape = subject.order.shape
    elif isinstance(subject, Constant):
        shape = subject.values.shape
    else:
        raise node.damaged("its operand is missing")
    end = node.integer("end", len(shape)) if node.has("end") else len(shape)
    part = shape[node.integer("start", 0) : end]
    return Constant(values=np.array(part, dtype=np.int64))
