"""Networks with functions that a host computes: what is left for hardware, and what is not."""

import operator
from math import prod

import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.errors import UnsupportedLayerError
from dse.formats import Format, parse_format
from dse.quant.layer_shapes import ACTIVATION_CALLS, ACTIVATIONS, convolution, linear
from dse.quant.operations import Constant, Operation, addends, is_softmax, operation_of, producer
from dse.quant.tensors import host_additions
from dse.quant.trace import TracedNetwork
from hw_models.nodes import Mvau, SlidingWindow
from hw_models.partial import ActOperand, ActProduct, HostNode, PartialAccelerator

_INNER = parse_format("int8")

# Multiply-accumulates an element, see `HostNode`: LayerNorm squares, normalises and scales, softmax
# takes an exponential and divides, GELU and its like a function and a product.
_NORM_MACS, _SOFTMAX_MACS, _ACTIVATION_MACS = 3, 2, 2
_ELEMENTWISE = (operator.add, operator.sub, operator.mul, operator.truediv, torch.mul, torch.mean)
_ELEMENTWISE_METHODS = ("add", "sub", "mul", "div", "mean")
_MOVES = (operator.getitem, torch.cat, torch.concat, torch.unbind, torch.chunk)
_MOVE_METHODS = ("repeat", "unbind", "chunk")


def is_on_host(node: fx.Node, module: fx.GraphModule) -> bool:
    """Return whether hardware leaves what `node` of a canonical graph does to a host.

    A product of two activations has no RTL either.
    """
    if node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), Constant):
        return True
    return operation_of(node, module) in (Operation.HOST, Operation.PRODUCT)


def first_on_host(module: fx.GraphModule) -> str:
    """Return the first node of a canonical graph that is left to a host, with what it does.

    Functions go before parameters. ``""`` where hardware does everything.
    """
    found = [node for node in module.graph.nodes if is_on_host(node, module)]
    for node in sorted(found, key=lambda node: function_of(node, module) == "parameter"):
        name = node.target if node.op == "call_module" else node.name
        return f"'{name}' ({function_of(node, module)})"
    return ""


def function_of(node: fx.Node, module: fx.GraphModule) -> str:
    """Return the name of what `node` computes."""
    if is_softmax(node, module):
        return "Softmax"
    match node.op:
        case "call_module":
            called = module.get_submodule(str(node.target))
            return "parameter" if isinstance(called, Constant) else type(called).__name__
        case "call_function":
            return str(getattr(node.target, "__name__", node.target))
        case _:
            return str(node.target)


def partial_template(network: TracedNetwork, input_format: Format) -> PartialAccelerator:
    """Return what hardware computes of a network, in 8-bit integers, to be re-formatted.

    Args:
        network: Traced network, shapes of one image at its nodes (`ShapeProp`).
        input_format: Format of the input codes.

    Raises:
        UnsupportedLayerError: A function that neither hardware nor host is known for.
    """
    module = network.module
    mvaus: list[Mvau] = []
    windows: list[tuple[str, SlidingWindow]] = []
    products: list[ActProduct] = []
    host: list[HostNode] = []
    additions = host_additions(module)
    for node in module.graph.nodes:
        called = module.get_submodule(str(node.target)) if node.op == "call_module" else None
        if not _is_tensor(node) or node.op in ("placeholder", "output"):
            continue
        match called:
            case nn.Conv2d():
                act = input_format if not mvaus else _INNER
                window, mvau = convolution(node, called, act)
                windows += [(mvau.name, window)] if window else []
                mvaus.append(mvau)
                continue
            case nn.Linear():
                mvaus.append(linear(node, called, input_format if not mvaus else _INNER))
                continue
        operation = operation_of(node, module)
        if operation is Operation.PRODUCT:
            products.append(_product(node, network))
        elif operation in (Operation.HOST, Operation.OTHER) or node in additions:
            macs = _macs(node, module)
            host += [HostNode(name=node.name, function=function_of(node, module), macs=macs)] * (
                macs > 0
            )
    return PartialAccelerator(
        mvaus=tuple(mvaus), windows=tuple(windows), products=tuple(products), host=tuple(host)
    )


def _is_tensor(node: fx.Node) -> bool:
    """Return whether `node` gives a tensor, not a size."""
    return hasattr(node.meta.get("tensor_meta"), "shape")


def _elements(node: fx.Node) -> int:
    return prod(node.meta["tensor_meta"].shape)


def _product(node: fx.Node, network: TracedNetwork) -> ActProduct:
    """Return a product of two activations; the second one's columns are its outputs."""
    first, second = addends(node)
    (*_, rows, width), (*_, columns) = (x.meta["tensor_meta"].shape for x in (first, second))
    unit = Mvau(
        name=node.name,
        mw=width,
        mh=columns,
        vectors=_elements(first) // (rows * width) * rows,
        weight=_INNER,
        act=_INNER,
    )
    tensors = {tensor.name: tensor for tensor in network.tensors}
    layers = network.layer_names
    operands = []
    for operand in (first, second):
        tensor = tensors[producer(operand, network.module).name]
        if not tensor.layer:
            raise UnsupportedLayerError(
                f"product '{node.name}' has no layer behind it whose format it could take"
            )
        index = layers.index(tensor.layer)
        operands.append(ActOperand(layer=index, signed=not tensor.nonnegative))
    return ActProduct(unit=unit, first=operands[0], second=operands[1])


def _macs(node: fx.Node, module: fx.GraphModule) -> int:
    """Return the multiply-accumulates of a host's node, 0 for one that only moves values.

    Raises:
        UnsupportedLayerError: What it does is unknown.
    """
    called = module.get_submodule(str(node.target)) if node.op == "call_module" else None
    elements = _elements(node)
    if is_softmax(node, module):
        return _SOFTMAX_MACS * elements
    if isinstance(called, nn.LayerNorm) or node.target is F.layer_norm:
        return _NORM_MACS * elements
    if operation_of(node, module) is Operation.HOST and not isinstance(called, Constant):
        return _ACTIVATION_MACS * elements
    is_activation = isinstance(called, ACTIVATIONS) or node.target in ACTIVATION_CALLS
    if isinstance(called, Constant) or node.target in (*_MOVES, *_MOVE_METHODS) or is_activation:
        return 0
    if node.target in (*_ELEMENTWISE, *_ELEMENTWISE_METHODS):
        read = [operand for operand in node.all_input_nodes if _is_tensor(operand)]
        return max(map(_elements, [node, *read]))
    raise UnsupportedLayerError(
        f"node '{node.name}' ({function_of(node, module)}) has no hardware cost, and bitfront does "
        "not know it as a function for the host"
    )
