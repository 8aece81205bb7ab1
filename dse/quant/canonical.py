"""Brings a traced network's graph into one form, whichever way the network was written.

Afterwards no operation works in place, an addition of two tensors is `operator.add`, a product of
two is `operator.matmul`, pooling is a module, a view of the images as vectors is `torch.flatten`,
attention is made of products and softmax, and a parameter outside a layer is a `Constant`, however
they were written.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.errors import UnsupportedLayerError
from dse.quant.operations import Constant

_IN_PLACE: dict[Any, Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
}
_POOLS: dict[Any, tuple[type[nn.Module], tuple[str, ...]]] = {  # a function's module and arguments
    F.max_pool2d: (
        nn.MaxPool2d,
        ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
    ),
    F.avg_pool2d: (
        nn.AvgPool2d,
        (
            "kernel_size",
            "stride",
            "padding",
            "ceil_mode",
            "count_include_pad",
            "divisor_override",
        ),
    ),
    F.adaptive_avg_pool2d: (nn.AdaptiveAvgPool2d, ("output_size",)),
}
_ATTENTION_ARGUMENTS = (
    "query",
    "key",
    "value",
    "attn_mask",
    "dropout_p",
    "is_causal",
    "scale",
    "enable_gqa",
)
_SPATIAL_AXES = ({2, 3}, {-2, -1}, {2, -1}, {-2, 3})


def canonicalize(module: fx.GraphModule) -> None:
    """Rewrite the graph of `module`, which computes the same afterwards.

    An operation in place changes the tensor for whoever reads it later; those read its result.
    """
    in_place = {name for name, m in module.named_modules() if getattr(m, "inplace", False)}
    for node in list(module.graph.nodes):
        if node.op == "call_function" and node.target is torch._assert:
            module.graph.erase_node(node)  # shapes are checked when the graph runs
            continue
        _leave_operand(node, module, in_place)
        if _names(node, "add", operator.add, torch.add) and len(tensors := _addends(node)) == 2:
            node.op, node.target = "call_function", operator.add
            node.args, node.kwargs = tensors, {}
        elif _names(node, "matmul", operator.matmul, torch.matmul, torch.bmm) or _names(
            node, "bmm"
        ):
            node.args, node.kwargs = _addends(node), {}
            node.op, node.target = "call_function", operator.matmul
        elif node.op == "get_attr":
            _call_constant(node, module)
        elif node.op == "call_function" and node.target is F.scaled_dot_product_attention:
            _spell_out_attention(node, module)
        elif node.op == "call_function" and node.target in _POOLS:
            _call_pool(node, module)
        elif _names(node, "mean", torch.mean) and _is_spatial(_argument(node, 1, "dim")):
            _call_global_pool(node, module)
        elif _names(node, "view", torch.reshape) or _names(node, "reshape"):
            _call_flatten(node, module)
    module.graph.eliminate_dead_code()
    module.graph.lint()
    module.recompile()


def _names(node: fx.Node, method: str, *functions: object) -> bool:
    """Return whether `node` calls a method or one of some functions."""
    if node.op == "call_method":
        return node.target == method
    return node.op == "call_function" and node.target in functions


def _argument(node: fx.Node, position: int, name: str) -> Any:  # noqa: ANN401 - as the user gave it
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def _leave_operand(node: fx.Node, module: fx.GraphModule, in_place: set[str]) -> None:
    """Make an operation that works in place one that leaves its operand alone.

    Args:
        node: The operation.
        module: The graph's.
        in_place: Modules that worked in place when tracing ended.
    """
    if node.op == "call_module" and node.target in in_place:
        module.get_submodule(str(node.target)).inplace = False  # type: ignore[assignment]
    elif node.kwargs.get("inplace"):
        node.kwargs = {**node.kwargs, "inplace": False}
    elif node.op == "call_method" and str(node.target).endswith("_"):
        node.target = str(node.target).rstrip("_")
    elif node.op == "call_function" and node.target in _IN_PLACE:
        node.target = _IN_PLACE[node.target]
    else:
        return
    operand = node.all_input_nodes[0]
    for reader in list(operand.users):
        if node < reader:
            reader.replace_input_with(operand, node)


def _addends(node: fx.Node) -> tuple[fx.Node, ...]:
    """Return the tensors that an addition adds, or a product multiplies, as they are."""
    second = "mat2" if "mat2" in node.kwargs else "other"
    arguments = (_argument(node, 0, "input"), _argument(node, 1, second))
    is_plain = node.kwargs.get("alpha", 1) == 1
    return tuple(x for x in arguments if is_plain and isinstance(x, fx.Node))


def _call_constant(node: fx.Node, module: fx.GraphModule) -> None:
    """Make a parameter that is read as such the output of a module."""
    name = f"parameter.{node.name}"
    value = module
    for part in str(node.target).split("."):
        value = getattr(value, part)
    if not isinstance(value, torch.Tensor):
        return
    module.add_submodule(name, Constant(value))
    with module.graph.inserting_before(node):
        _replace(node, module.graph.call_module(name))


def _spell_out_attention(node: fx.Node, module: fx.GraphModule) -> None:
    """Write attention as softmax(q kᵀ · scale) v, with scale 1/√d where none is given.

    Raises:
        UnsupportedLayerError: It has a mask, is causal or drops values out.
    """
    given = dict(zip(_ATTENTION_ARGUMENTS, node.args, strict=False)) | node.kwargs
    query, key, value = (given.pop(name) for name in _ATTENTION_ARGUMENTS[:3])
    scale: Any = given.pop("scale", None)
    if others := [name for name, setting in given.items() if setting]:
        raise UnsupportedLayerError(
            f"attention '{node.name}' uses {', '.join(others)}; bitfront handles attention of all "
            "tokens to all tokens, without dropout"
        )
    graph = module.graph
    with graph.inserting_before(node):
        transposed = graph.call_method("transpose", (key, -2, -1))
        scores = graph.call_function(operator.matmul, (query, transposed))
        if scale is None:
            width = graph.call_method("size", (query, -1))
            scale = graph.call_function(operator.pow, (width, -0.5))
        scaled = graph.call_function(operator.mul, (scores, scale))
        shares = graph.call_method("softmax", (scaled,), {"dim": -1})
        attended = graph.call_function(operator.matmul, (shares, value))
    _replace(node, attended)


def _is_spatial(axes: object) -> bool:
    return isinstance(axes, tuple | list) and set(axes) in _SPATIAL_AXES


def _call_pool(node: fx.Node, module: fx.GraphModule) -> None:
    kind, names = _POOLS[node.target]
    given = {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}
    given.pop("input", None)
    _replace(node, _call(node, module, kind(**given)))


def _call_global_pool(node: fx.Node, module: fx.GraphModule) -> None:
    pooled = _call(node, module, nn.AdaptiveAvgPool2d(1))
    if not _argument(node, 2, "keepdim"):
        with module.graph.inserting_after(pooled):
            pooled = module.graph.call_function(torch.flatten, (pooled, 1))
    _replace(node, pooled)


def _call_flatten(node: fx.Node, module: fx.GraphModule) -> None:
    """Write ``x.view(x.shape[0], -1)`` and its like as flattening; leave other views alone."""
    image, *shape = node.args or (None,)
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = list(shape[0])
    if len(shape) == 2 and shape[1] == -1 and _is_batch_size(shape[0], image):
        with module.graph.inserting_before(node):
            _replace(node, module.graph.call_function(torch.flatten, (image, 1)))


def _is_batch_size(size: object, tensor: object) -> bool:
    """Return whether `size` is the first of the sizes of `tensor`."""
    match size:
        case fx.Node(op="call_method", target="size", args=(of, 0)):
            return of is tensor
        case fx.Node(op="call_function", target=operator.getitem, args=(fx.Node() as sizes, 0)):
            is_size = _names(sizes, "size") and len(sizes.args) == 1
            is_shape = _names(sizes, "", getattr) and sizes.args[1] == "shape"
            return (is_size or is_shape) and sizes.args[0] is tensor
        case _:
            return False


def _call(node: fx.Node, graph_module: fx.GraphModule, called: nn.Module) -> fx.Node:
    """Insert a call of a new module, named after `node`, on what `node` reads."""
    name = f"functional.{node.name}"
    graph_module.add_submodule(name, called)
    with graph_module.graph.inserting_before(node):
        return graph_module.graph.call_module(name, (node.all_input_nodes[0],))


def _replace(node: fx.Node, by: fx.Node) -> None:
    node.replace_all_uses_with(by)
    node.graph.erase_node(node)
