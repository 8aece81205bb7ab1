"""From the graph of a file to a model: one walk, node by node."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from dse.errors import FormatError, UnsupportedLayerError
from dse.formats import Format, parse_format
from hw_models.frontend import constants
from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import image_order
from hw_models.frontend.network import GraphInput, Network, OnnxNode
from hw_models.frontend.rules import activations, arithmetic, layers, movement, pools, quantization
from hw_models.frontend.rules.operands import Operands
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Constant, OnHost, Stream, Value
from hw_models.graph import INPUT
from hw_models.model import Model
from hw_models.tail import OutputQuantizer

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **quantization.RULES,
        **layers.RULES,
        **activations.RULES,
        **arithmetic.RULES,
        **pools.RULES,
        **movement.RULES,
    }
)

_ENDS = frozenset({"Softmax", "LogSoftmax", "Hardmax", "ArgMax", "ArgMin", "TopK"})
"""What the host does with the last layer's values."""

_BEHIND_ENDS = frozenset({*_ENDS, *movement.RULES, *arithmetic.RULES, *activations.RULES})


def lower(network: Network) -> Model:
    """Return the model that computes `network`.

    Raises:
        UnsupportedLayerError: Nodes without hardware, by name, with what to do.
        DataError: Nodes that contradict the standard or each other.
    """
    _require_known(network.nodes)
    shape, stream = _input(network)
    build = Builder(network.input.name, shape, network.declared_acts)
    if stream.quantizer is not None:
        build.quantize_input(None, stream.quantizer)
    values: dict[str, Value] = {
        name: Constant(values=array) for name, array in network.constants.items()
    }
    values[network.input.name] = stream
    makers: dict[str, OnnxNode] = {}
    for node in network.nodes:
        operands = [values[name] if name else None for name in node.proto.input]
        value = _value_of(node, operands, build)
        for name in node.proto.output if isinstance(value, OnHost) else node.proto.output[:1]:
            values[name], makers[name] = value, node
    return _model(network, values, makers, build)


def _require_known(nodes: tuple[OnnxNode, ...]) -> None:
    known = {*RULES, *_ENDS, *constants.FOLDABLE, "Shape"}
    strange = [node for node in nodes if node.op not in known]
    if strange:
        more = f" (and {len(strange) - 1} more nodes)" if len(strange) > 1 else ""
        raise strange[0].unsupported(
            f"has no hardware{more}; supported operators: {', '.join(sorted({*RULES, *_ENDS}))}"
        )


def _value_of(node: OnnxNode, operands: Operands, build: Builder) -> Value:
    host = [operand for operand in operands if isinstance(operand, OnHost)]
    if host or node.op in _ENDS:
        return _on_host(node, operands, host)
    if node.op == "Shape":
        return _shape(node, operands)
    is_constant = all(operand is None or isinstance(operand, Constant) for operand in operands)
    if is_constant and node.op not in {*quantization.RULES, *movement.RULES} - {"Cast"}:
        arrays = [op.values if isinstance(op, Constant) else None for op in operands]
        return Constant(values=constants.evaluate(node, arrays))
    if node.op not in RULES:
        raise node.unsupported("works on constants only, and an operand depends on the input")
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


def _input(network: Network) -> tuple[tuple[int, int, int], Stream]:
    """Return the input's height, width and channels, and its stream."""
    shape = network.input.shape
    channels, height, width = (*shape[1:], 1, 1)[:3]
    if len(shape) == 3:
        height, width = 1, shape[2]
    order = image_order(channels, height, width, 4).reshape(shape)
    declared = _declared_format(network.input)
    stream = Stream(
        source=INPUT,
        channels=channels,
        scale=np.ones(1, dtype=np.float32),
        quantizer=None if declared is None else OutputQuantizer(format=declared, scale=1.0),
        order=order,
        is_never_negative=declared is not None and not declared.signed,
    )
    return (height, width, channels), stream


def _declared_format(graph_input: GraphInput) -> Format | None:
    """Return the format of an input that is declared to hold integers."""
    name = graph_input.datatype
    if name in ("FLOAT", "FLOAT32"):
        return None
    try:
        if name.lower().lstrip("u").startswith("int"):
            return parse_format(name)
    except FormatError:
        pass  # wider than any format here
    raise UnsupportedLayerError(
        f"input '{graph_input.name}' holds {name}; real values (FLOAT) behind which a quantizer "
        "stands, or integers of at most 16 bits, are supported"
    )


def _model(
    network: Network, values: Mapping[str, Value], makers: Mapping[str, OnnxNode], build: Builder
) -> Model:
    last = network.nodes[-1]
    results = [values.get(name) for name in network.outputs]
    streams = [
        result.stream if isinstance(result, OnHost) else result
        for result in results
        if isinstance(result, OnHost | Stream)
    ]
    if len(streams) != len(results):
        raise last.unsupported("an output of the network does not depend on its input")
    if any(stream is not streams[0] for stream in streams):
        names = ", ".join(f"'{name}'" for name in network.outputs)
        raise last.unsupported(f"the network has outputs {names}; hardware has one")
    host = [node for result in results if isinstance(result, OnHost) for node in result.nodes]
    return build.model(streams[0], makers[network.outputs[0]], tuple(dict.fromkeys(host)))
