"""The tensors of a network that hardware holds as codes, each of which needs a quantizer."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import fx

from dse.errors import UnsupportedLayerError
from dse.quant.operations import Operation, operands, operation_of, producer


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedTensor:
    """A tensor that a layer multiplies, an addition adds or an average pool sums up.

    Attributes:
        name: Graph node that makes it; max pooling and reshaping behind that change no value.
        group: Name of the first tensor that shares its quantizer's scale and format. Tensors that
            are added do, since exact integers can be added only in units of one scale.
        layer: Layer whose input format it takes: the first that multiplies a tensor of the group,
            else the first that multiplies what the group's sums become. ``""`` if none does.
        nonnegative: No tensor of the group is ever negative.
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


def tensors_of(module: fx.GraphModule, input_node: fx.Node) -> tuple[TracedTensor, ...]:
    """Return the tensors of a canonical graph that need quantizers, in the order of the graph.

    Raises:
        UnsupportedLayerError: The input itself is added to something.
    """
    uses = list(_uses(module))
    tensors = {tensor for use in uses for tensor in use.tensors}
    group_of = {node: node for node in module.graph.nodes if node in tensors}
    for use in uses:
        joined = {group_of[tensor] for tensor in use.tensors}
        if use.operation is Operation.ADD and input_node in use.tensors:
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
            nonnegative=all(
                _is_nonnegative(member, module) for member, own in group_of.items() if own is group
            ),
        )
        for node, group in group_of.items()
    )


def _uses(module: fx.GraphModule) -> Iterator[_Use]:
    for node in module.graph.nodes:
        operation = operation_of(node, module)
        if read := operands(node, operation):
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
    match operation_of(node, module):
        case Operation.NONNEGATIVE:
            return True
        case Operation.ADD | Operation.AVERAGE | Operation.PASS:
            return all(_is_nonnegative(x, module) for x in node.all_input_nodes)
        case _:
            return False
