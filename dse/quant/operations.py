"""What the operations of a traced network do to numbers, as far as quantization is concerned."""

import operator
from enum import Enum, auto

import torch
from torch import fx, nn
from torch.nn import functional as F

WEIGHT_LAYERS = (nn.Conv2d, nn.Linear)
AVERAGE_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d)
_PASSING_MODULES = (
    nn.MaxPool2d,
    nn.Flatten,
    nn.Unflatten,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
    nn.ZeroPad2d,  # a zero is code 0 in every format
)
_PASSING_FUNCTIONS = (
    torch.flatten,
    torch.unflatten,
    F.max_pool2d,
    F.dropout,
    torch.reshape,
    torch.squeeze,
    torch.unsqueeze,
    torch.permute,
    torch.transpose,
)
_PASSING_METHODS = (
    "flatten",
    "unflatten",
    "reshape",
    "view",
    "contiguous",
    "squeeze",
    "unsqueeze",
    "permute",
    "transpose",
    "expand",
)
_NONNEGATIVE_MODULES = (nn.ReLU, nn.ReLU6, nn.Sigmoid)
_NONNEGATIVE_FUNCTIONS = (F.relu, torch.relu, F.relu6, torch.sigmoid)
_NONNEGATIVE_METHODS = ("relu", "sigmoid")
_SOFTMAX_MODULES = (nn.Softmax,)
_SOFTMAX_FUNCTIONS = (F.softmax, torch.softmax)
_SOFTMAX_METHODS = ("softmax",)


class Constant(nn.Module):
    """A parameter that a network uses outside its layers, such as learned positions.

    Args:
        value: The parameter.
    """

    def __init__(self, value: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value.detach())

    def forward(self) -> torch.Tensor:
        """Return the parameter."""
        return self.value  # type: ignore[return-value]


_HOST_MODULES = (nn.LayerNorm, nn.GELU, nn.SiLU, nn.Hardswish, Constant)
_HOST_FUNCTIONS = (F.layer_norm, F.gelu, F.silu, F.hardswish)


class Operation(Enum):
    """Kinds of nodes of a network's graph."""

    LAYER = auto()  #: Multiplies by weights
    PRODUCT = auto()  #: Multiplies two tensors as matrices
    ADD = auto()  #: Adds two tensors
    AVERAGE = auto()  #: Averages over windows
    PASS = auto()  #: Returns values it was given: reshaping, max pooling
    NONNEGATIVE = auto()  #: An activation function that is never negative
    HOST = auto()  #: A function of real numbers that hardware leaves to a host: softmax, LayerNorm
    OTHER = auto()  #: Anything else

    @property
    def reads_codes(self) -> bool:
        """Whether hardware does this in exact integers, so that its operands need quantizers."""
        return self in (Operation.LAYER, Operation.PRODUCT, Operation.ADD, Operation.AVERAGE)


def operation_of(node: fx.Node, graph_module: fx.GraphModule) -> Operation:
    """Return what `node` of a canonical graph does."""
    match node.op:
        case "call_module":
            return _of_module(graph_module.get_submodule(str(node.target)))
        case "call_function" if node.target is operator.add and len(addends(node)) == 2:
            return Operation.ADD
        case "call_function" if node.target is operator.matmul:
            return Operation.PRODUCT
        case "call_function":
            return _among(
                node.target,
                (_PASSING_FUNCTIONS, Operation.PASS),
                (_NONNEGATIVE_FUNCTIONS, Operation.NONNEGATIVE),
                (_HOST_FUNCTIONS + _SOFTMAX_FUNCTIONS, Operation.HOST),
            )
        case "call_method":
            return _among(
                node.target,
                (_PASSING_METHODS, Operation.PASS),
                (_NONNEGATIVE_METHODS, Operation.NONNEGATIVE),
                (_SOFTMAX_METHODS, Operation.HOST),
            )
        case _:
            return Operation.OTHER


def is_softmax(node: fx.Node, graph_module: fx.GraphModule) -> bool:
    """Return whether `node` is a softmax, however it is called."""
    match node.op:
        case "call_module":
            return isinstance(graph_module.get_submodule(str(node.target)), _SOFTMAX_MODULES)
        case "call_function":
            return node.target in _SOFTMAX_FUNCTIONS
        case _:
            return node.op == "call_method" and node.target in _SOFTMAX_METHODS


def addends(node: fx.Node) -> tuple[fx.Node, ...]:
    """Return the tensors that an addition adds; the same one twice in ``x + x``."""
    return tuple(argument for argument in node.args if isinstance(argument, fx.Node))


def operands(node: fx.Node, operation: Operation) -> tuple[fx.Node, ...]:
    """Return the tensors that `node` reads as codes."""
    if not operation.reads_codes:
        return ()
    if operation in (Operation.ADD, Operation.PRODUCT):
        return addends(node)
    return (node.all_input_nodes[0],)


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
        (_HOST_MODULES + _SOFTMAX_MODULES, Operation.HOST),
    ):
        if isinstance(module, kinds):
            return operation
    return Operation.OTHER


def _among(target: object, *kinds: tuple[tuple[object, ...], Operation]) -> Operation:
    for targets, operation in kinds:
        if target in targets:
            return operation
    return Operation.OTHER
