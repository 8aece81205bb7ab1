"""The tensors of a network that hardware holds as codes, each of which needs a quantizer."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import fx

from dse.errors import UnsupportedLayerError
from dse.quant.operations import Operation, is_softmax, operands, operation_of, producer


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedTensor:
    """A tensor that a layer or product multiplies, an addition adds or an average pool sums up.

    Attributes:
        name: Graph node that makes it; max pooling and reshaping behind that change no value.
        group: Name of the first tensor that shares its quantizer's scale, and its format up to the
            sign. Tensors that are added do, since exact integers can be added only in units of one
            scale.
        layer: Layer whose input format it takes: the first that multiplies a tensor of the group,
            else the first that multiplies what the group's sums become. ``""`` if none does.
        nonnegative: It is never negative.
    """

    name: str
    group: str
    layer: str
    nonnegative: bool


@dataclass(frozen=True, slots=True)
class _Use:
    """A node that reads tensors as codes, and which."""

    reader: fx.Node
    operation: Operation
    tensors: tuple[fx.Node, ...]


def tensors_of(
    module: fx.GraphModule, input_node: fx.Node, *, quantizes_host: bool = False
) -> tuple[TracedTensor, ...]:
    """Return the tensors of a canonical graph that need quantizers, in the order of the graph.

    Args:
        module: The graph.
        input_node: Its input.
        quantizes_host: Whether functions that are left to a host read quantized tensors too, and
            additions among them add quantized ones. Otherwise these stay float.

    Raises:
        UnsupportedLayerError: The input itself is added to something.
    """
    uses = list(_uses(module, quantizes_host=quantizes_host))
    tensors = {tensor for use in uses for tensor in use.tensors}
    group_of = {node: node for node in module.graph.nodes if node in tensors}
    for use in uses:
        if use.operation is not Operation.ADD:
            continue
        joined = {group_of[tensor] for tensor in use.tensors}
        if input_node in use.tensors:
            raise UnsupportedLayerError(
                f"'{use.reader.name}' adds the network's input, whose scale is the data set's, to "
                "another tensor; put a layer in front of it"
            )
        first = min(joined)  # graph nodes are ordered by their places
        group_of = {node: first if own in joined else own for node, own in group_of.items()}
    return tuple(
        TracedTensor(
            name=node.name,
            group=group.name,
            layer=_layer_behind(group, group_of, uses),
            nonnegative=_is_nonnegative(node, module),
        )
        for node, group in group_of.items()
    )


def host_additions(module: fx.GraphModule) -> frozenset[fx.Node]:
    """Return the additions of a canonical graph that belong to a host's functions.

    Those are the ones that add what such a function gives, or whose sum such a function reads; and
    additions of their sums, or of tensors they add. In a transformer they are all additions to the
    stream between its blocks.
    """
    sums = [n for n in module.graph.nodes if operation_of(n, module) is Operation.ADD]
    touched = {
        node: {node, *(producer(tensor, module) for tensor in node.all_input_nodes)}
        for node in sums
    }
    found = {
        node
        for node, tensors in touched.items()
        if any(operation_of(tensor, module) is Operation.HOST for tensor in tensors)
        or any(operation_of(reader, module) is Operation.HOST for reader in readers(node, module))
    }
    while True:
        reached = set().union(*(touched[node] for node in found))
        joined = {node for node in sums if touched[node] & reached}
        if joined == found:
            return frozenset(found)
        found = joined


def readers(node: fx.Node, module: fx.GraphModule) -> Iterator[fx.Node]:
    """Yield the nodes that read the values of `node`, if need be reshaped."""
    for reader in node.users:
        if operation_of(reader, module) is Operation.PASS:
            yield from readers(reader, module)
        else:
            yield reader


def _uses(module: fx.GraphModule, *, quantizes_host: bool) -> Iterator[_Use]:
    kept_float = frozenset() if quantizes_host else host_additions(module)
    for node in module.graph.nodes:
        operation = operation_of(node, module)
        read = operands(node, operation) if node not in kept_float else ()
        if quantizes_host and operation is Operation.HOST:
            read = tuple(node.all_input_nodes[:1])
        if read:
            yield _Use(node, operation, tuple(producer(tensor, module) for tensor in read))


def _layer_behind(group: fx.Node, group_of: dict[fx.Node, fx.Node], uses: list[_Use]) -> str:
    """Return the layer whose input format a group takes, ``""`` if no layer follows."""
    seen, groups = {group}, {group}
    while groups:
        readers = [use for use in uses if groups & {group_of[tensor] for tensor in use.tensors}]
        for use in readers:
            if use.operation is Operation.LAYER:
                return str(use.reader.target)
        made = {tensor for use in readers for tensor in _next_tensors(use.reader, group_of)}
        groups = {group_of[tensor] for tensor in made} - seen
        seen |= groups
    return ""


def _next_tensors(node: fx.Node, group_of: dict[fx.Node, fx.Node]) -> Iterator[fx.Node]:
    """Yield the tensors that the sums of `node` become."""
    if node in group_of:
        yield node
        return
    for reader in node.users:
        yield from _next_tensors(reader, group_of)


def _is_nonnegative(node: fx.Node, module: fx.GraphModule) -> bool:
    if is_softmax(node, module):
        return True
    match operation_of(node, module):
        case Operation.NONNEGATIVE:
            return True
        case Operation.AVERAGE | Operation.PASS:
            return _is_nonnegative(node.all_input_nodes[0], module)  # others are sizes
        case Operation.ADD:
            return all(_is_nonnegative(x, module) for x in node.all_input_nodes)
        case _:
            return False
