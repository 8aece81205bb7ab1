"""Names for people in an exported graph: those of the network's layers.

The exporter names nodes after its own machinery and lets quantizers share constants that happen
to be equal. Here every node gets the name of its layer, every tensor that of the node that makes
it, and every quantizer constants of its own::

    conv1  conv1.out  conv1.weight  conv1.bias
    conv1.weight_quant  conv1.weight_quant.scale  …
    relu1_quant  relu1_quant.scale  relu1_quant.bit_width  …
"""

import re
from collections.abc import Mapping

import onnx

INPUT, OUTPUT = "input", "output"

_OPERANDS = {
    "Quant": ("", "scale", "zero_point", "bit_width"),
    "FloatQuant": (
        "",
        "scale",
        "exponent_bits",
        "mantissa_bits",
        "exponent_bias",
        "max_value",
    ),
}
"""Names of a quantizer's constants, by their position; the first operand is what it quantizes."""


def name_after_layers(graph: onnx.GraphProto, layers: Mapping[str, str]) -> None:
    """Rename the nodes, tensors and initializers of a graph in place.

    Args:
        graph: Graph from Brevitas' exporter with one input and one output. A node made by a module
            is called ``/scope/…``, a parameter of a module ``scope.name``.
        layers: Name of a module in the user's network, by its scope.
    """
    constants = {constant.name: constant for constant in graph.initializer}
    tensors = {graph.input[0].name: INPUT, graph.output[0].name: OUTPUT}
    used: list[onnx.TensorProto] = []
    taken: set[str] = set()
    for node in graph.node:
        node.name = _unused(_node_name(node, layers), taken)
        for position, operand in enumerate(node.input):
            if operand in constants:
                constant = onnx.TensorProto()
                constant.CopyFrom(constants[operand])
                constant.name = _unused(_constant_name(node, position, layers), taken)
                used.append(constant)
                node.input[position] = constant.name
            elif operand:  # "" is an optional operand left out
                node.input[position] = tensors[operand]
        for position, result in enumerate(node.output):
            tensors.setdefault(result, _unused(f"{node.name}.out", taken))
            node.output[position] = tensors[result]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(used)
    graph.input[0].name, graph.output[0].name = INPUT, OUTPUT


def _node_name(node: onnx.NodeProto, layers: Mapping[str, str]) -> str:
    """Return the name of the module that makes a node, else the operator's."""
    scope, _, inner = str(node.name).strip("/").partition("/")
    if scope not in layers or not inner:
        return str(node.op_type).lower()
    part = ".weight_quant" if inner.startswith("weight_quant/") else ""
    return _sanitised(layers[scope]) + part


def _constant_name(node: onnx.NodeProto, position: int, layers: Mapping[str, str]) -> str:
    """Return a name for an operand of a node, which has its own name already."""
    names = _OPERANDS.get(node.op_type)
    if names is not None and position > 0:
        return f"{node.name}.{names[position]}"
    scope, _, parameter = node.input[position].partition(".")
    if scope in layers:
        return f"{_sanitised(layers[scope])}.{parameter}"
    return f"{node.name}.operand{position}"


def _sanitised(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]", "_", name)


def _unused(name: str, taken: set[str]) -> str:
    """Return `name`, with a number behind it where it is taken, and take it."""
    unused, number = name, 0
    while unused in taken or unused in (INPUT, OUTPUT):
        number += 1
        unused = f"{name}_{number}"
    taken.add(unused)
    return unused
