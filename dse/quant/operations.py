"""What the operations of a traced network do to numbers, as far as quantization is concerned."""

import operator
from enum import Enum, auto

import torch
from torch import fx, nn
from torch.nn import functional as F

WEIGHT_LAYERS = (nn.Conv2d, nn.Linear)
AVERAGE_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d)
_PASSING_MODULES = (nn.MaxPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)
_PASSING_FUNCTIONS = (torch.flatten, F.max_pool2d, F.dropout, torch.reshape, torch.squeeze)
_PASSING_METHODS = ("flatten", "reshape", "view", "contiguous", "squeeze")
_NONNEGATIVE_MODULES = (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Softmax)
_NONNEGATIVE_FUNCTIONS = (F.relu, torch.relu, F.relu6, torch.sigmoid, F.softmax)
_NONNEGATIVE_METHODS = ("relu", "sigmoid", "softmax")


class Operation(Enum):
    """Kinds of nodes of a network's graph."""

    LAYER = auto()  #: Multiplies by weights
    ADD = auto()  #: Adds two tensors
    AVERAGE = auto()  #: Averages over windows
    PASS = auto()  #: Returns values it was given: reshaping, max pooling
    NONNEGATIVE = auto()  #: An activation function that is never negative
    OTHER = auto()  #: Anything else

    @property
    def reads_codes(self) -> bool:
        """Whether hardware does this in exact integers, so that its operands need quantizers."""
        return self in (Operation.LAYER, Operation.ADD, Operation.AVERAGE)


def operation_of(node: fx.Node, graph_module: fx.GraphModule) -> Operation:
    """Return what `node` of a canonical graph does."""
    match node.op:
        case "call_module":
            return _of_module(graph_module.get_submodule(str(node.target)))
        case "call_function" if node.target is operator.add and len(addends(node)) == 2:
            return Operation.ADD
        case "call_function":
            return _among(node.target, _PASSING_FUNCTIONS, _NONNEGATIVE_FUNCTIONS)
        case "call_method":
            return _among(node.target, _PASSING_METHODS, _NONNEGATIVE_METHODS)
        case _:
            return Operation.OTHER


def addends(node: fx.Node) -> tuple[fx.Node, ...]:
    """Return the tensors that an addition adds; the same one twice in ``x + x``."""
    return tuple(argument for argument in node.args if isinstance(argument, fx.Node))


def operands(node: fx.Node, operation: Operation) -> tuple[fx.Node, ...]:
    """Return the tensors that `node` reads as codes."""
    if not operation.reads_codes:
        return ()
    return addends(node) if operation is Operation.ADD else (node.all_input_nodes[0],)


def producer(node: fx.Node, graph_module: fx.GraphModule) -> fx.Node:
    """Walk up from `node` through operations that return values they were given."""
    while operation_of(node, graph_module) is Operation.PASS:
        node = node.all_input_nodes[0]
    return node


def _of_module(module: nn.Module) -> Operation:
    for kinds, operation in (
        (WEIGHT_LAYERS, Operation.LAYER),
        (AVERAGE_POOLS, Operation.AVERAGE),
        (_PASSING_MODULES, Operation.PASS),
        (_NONNEGATIVE_MODULES, Operation.NONNEGATIVE),
    ):
        if isinstance(module, kinds):
            return operation
    return Operation.OTHER


def _among(
    target: object, passing: tuple[object, ...], nonnegative: tuple[object, ...]
) -> Operation:
    if target in passing:
        return Operation.PASS
    return Operation.NONNEGATIVE if target in nonnegative else Operation.OTHER
