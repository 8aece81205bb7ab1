"""Accelerators: nodes and the streams between them, checked when they are built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from dse.errors import DesignError
from dse.formats import Format
from hw_models.nodes import (
    Add,
    Mvau,
    Node,
    Pool,
    PoolKind,
    Requantize,
    SlidingWindow,
    SumNode,
    in_format,
    node_from_json,
)

__all__ = [
    "INPUT",
    "Accelerator",
    "Add",
    "Mvau",
    "Node",
    "Pool",
    "PoolKind",
    "Requantize",
    "SlidingWindow",
    "node_from_json",
]

INPUT = ""
"""Name of the accelerator's input among the sources of nodes."""


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """Nodes from the input codes to the last layer's accumulators.

    A *layer* is an `Mvau` with what belongs to it: the window before it, and the requantizer, pools
    and additions behind it. The requantizer of a layer follows it directly; the last layer may have
    none. An output that several nodes read is forked.

    Attributes:
        nodes: Nodes, each behind those it reads.
        sources: Names of the nodes that each node reads, in the order of its ports; `INPUT` for the
            accelerator's input. Without them the nodes are a chain.
    """

    nodes: tuple[Node, ...]
    sources: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DesignError(f"node names must differ; used twice: {', '.join(twice)}")
        if not self.sources:
            object.__setattr__(self, "sources", _chain(names))
        if not self.mvaus:
            raise DesignError("an accelerator needs at least one Mvau")
        if len(self.sources) != len(self.nodes):
            raise DesignError(f"{len(self.nodes)} nodes need as many sources")
        for position, node in enumerate(self.nodes):
            self._check_node(position, node)
        unread = [name for name in names[:-1] if not self.readers_of(name)]
        if unread:
            raise DesignError(f"nobody reads {', '.join(unread)}")

    def _check_node(self, position: int, node: Node) -> None:
        ports = 2 if isinstance(node, Add) else 1
        if len(self.sources[position]) != ports:
            raise DesignError(f"{node.name} reads {ports} stream(s), not {self.sources[position]}")
        earlier = {before.name: before for before in self.nodes[:position]}
        for port, name in enumerate(self.sources[position]):
            if name in earlier:
                _check_stream(earlier[name], node, port)
            elif name != INPUT:
                raise DesignError(f"{node.name} reads '{name}', which is no node before it")

    @cached_property
    def mvaus(self) -> tuple[Mvau, ...]:
        """The layers' matrix units, in order."""
        return tuple(node for node in self.nodes if isinstance(node, Mvau))

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return sum(mvau.macs for mvau in self.mvaus)

    @property
    def weight_bits(self) -> int:
        """Size of all weights [bit]."""
        return sum(mvau.weight_bits for mvau in self.mvaus)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {node.name: position for position, node in enumerate(self.nodes)}

    def node(self, name: str) -> Node:
        """Return the node called `name`."""
        return self.nodes[self._positions[name]]

    def sources_of(self, node: Node) -> tuple[str, ...]:
        """Return the names of the nodes that `node` reads, `INPUT` for the accelerator's input."""
        return self.sources[self._positions[node.name]]

    def readers_of(self, name: str) -> tuple[Node, ...]:
        """Return the nodes that read the one called `name`, or `INPUT`."""
        pairs = zip(self.nodes, self.sources, strict=True)
        return tuple(node for node, sources in pairs if name in sources)

    @cached_property
    def layer_of_node(self) -> tuple[int, ...]:
        """Index of the layer each node belongs to, shape `(nodes,)`.

        A window belongs to the layer it feeds; requantizers, pools and additions to the latest one
        before them, or to the first layer if there is none.
        """
        owners: dict[str, int] = {INPUT: 0}
        for node, sources in zip(self.nodes, self.sources, strict=True):
            fed = self.readers_of(node.name) if isinstance(node, SlidingWindow) else (node,)
            if isinstance(fed[0], Mvau):
                owners[node.name] = self.mvaus.index(fed[0])
            else:
                owners[node.name] = max(owners[name] for name in sources)
        return tuple(owners[node.name] for node in self.nodes)

    def window_of(self, mvau: Mvau) -> SlidingWindow | None:
        """Return the window that feeds `mvau`, or `None` where the stream feeds it directly."""
        (name,) = self.sources_of(mvau)
        before = None if name == INPUT else self.node(name)
        return before if isinstance(before, SlidingWindow) else None

    def pooled_windows_of(self, mvau: Mvau) -> tuple[SlidingWindow, ...]:
        """Return the windows behind `mvau` that feed pools whose windows overlap."""
        return self._pooled_windows.get(mvau.name, ())

    @cached_property
    def _pooled_windows(self) -> dict[str, tuple[SlidingWindow, ...]]:
        """Windows that feed pools, by the name of the layer they are behind."""
        found: dict[str, tuple[SlidingWindow, ...]] = {}
        for node, layer in zip(self.nodes, self.layer_of_node, strict=True):
            if isinstance(node, SlidingWindow) and isinstance(self.readers_of(node.name)[0], Pool):
                name = self.mvaus[layer].name
                found[name] = (*found.get(name, ()), node)
        return found

    def requantize_of(self, mvau: Mvau) -> Requantize | None:
        """Return the requantizer that follows `mvau`, or `None` where its sums leave."""
        behind = self.readers_of(mvau.name)
        return behind[0] if behind and isinstance(behind[0], Requantize) else None

    @cached_property
    def code_layers(self) -> dict[str, int]:
        """The layer whose input format the codes of each node, and of `INPUT`, have.

        Codes have the format of the layer that multiplies them, if need be behind windows and
        pools. Streams that are added have one format up to the sign: that of a layer that
        multiplies one of them, else the format of their requantized sum. Sums are listed under the
        codes they become. Where no layer follows, the number of layers.
        """
        layers = {group: self._layer_behind(group) for group in set(self._code_groups.values())}
        return {
            name: self._multiplying_layers.get(self._same_codes[name], layers[group])
            for name, group in self._code_groups.items()
        }

    @cached_property
    def _code_groups(self) -> dict[str, str]:
        """Name of the first stream whose scale the codes of each node share: they are added."""
        groups = self._same_codes
        for node, sources in zip(self.nodes, self.sources, strict=True):
            if isinstance(node, Add):
                groups = _joined(groups, sources)
        return groups

    @cached_property
    def _same_codes(self) -> dict[str, str]:
        """Name of the first stream with the codes of each node: windows and pools hand them on."""
        groups = {name: name for name in (INPUT, *self._positions)}
        for node, sources in zip(self.nodes, self.sources, strict=True):
            if isinstance(node, SlidingWindow | Pool) and node.out_format is not None:
                groups = _joined(groups, (*sources, node.name))
        return groups

    def _layer_behind(self, group: str) -> int:
        """Return the first layer that multiplies codes of `group`, or of what they become."""
        groups, seen = {group}, {group}
        while groups:
            readers = [
                node
                for node, sources in zip(self.nodes, self.sources, strict=True)
                if groups & {self._code_groups[name] for name in sources}
            ]
            layers = [self.mvaus.index(node) for node in readers if isinstance(node, Mvau)]
            if layers:
                return min(layers)
            groups = {self._code_groups[node.name] for node in readers} - seen
            seen |= groups
        return len(self.mvaus)

    def code_format(self, name: str, act: Format) -> Format:
        """Return the format of the codes of a node, or of `INPUT`, for that of their layer.

        Codes that no layer multiplies stay signed where they are: the layer's own may be never
        negative, as those behind an activation function are.

        Raises:
            FormatError: `act` has no signed counterpart.
        """
        given = None if name == INPUT else self.node(name).out_format
        stays_signed = given is not None and given.signed
        is_multiplied = self._same_codes[name] in self._multiplying_layers
        return act.with_sign() if stays_signed and not is_multiplied else act

    @cached_property
    def _multiplying_layers(self) -> dict[str, int]:
        """The first layer that multiplies codes, by `_same_codes`."""
        found: dict[str, int] = {}
        for layer, mvau in enumerate(self.mvaus):
            for name in self.sources_of(mvau):
                found.setdefault(self._same_codes[name], layer)
        return found

    def with_formats(self, weights: Sequence[Format], acts: Sequence[Format]) -> "Accelerator":
        """Return the same shapes with other formats.

        Args:
            weights: Weight format of each layer.
            acts: Format of each layer's input codes. Codes between layers take them as
                `code_layers` says; those that no layer follows keep their own.

        Raises:
            DesignError: Not one format per layer, or different ones for the same codes.
        """
        if not len(weights) == len(acts) == len(self.mvaus):
            raise DesignError(
                f"{len(self.mvaus)} layers need as many formats, "
                f"not {len(weights)} for weights and {len(acts)} for activations"
            )
        changed: dict[str, Node] = {}
        for node, sources in zip(self.nodes, self.sources, strict=True):
            wanted = [(name, self.code_layers[name]) for name in (*sources, node.name)]
            formats = [
                self.code_format(name, acts[layer]) if layer < len(acts) else None
                for name, layer in wanted
            ]
            if isinstance(node, Mvau):
                layer = self.mvaus.index(node)
                changed[node.name] = replace(node, weight=weights[layer], act=acts[layer])
            elif isinstance(node, Requantize):
                source = changed[sources[0]]
                assert isinstance(source, SumNode), "checked when the accelerator was built"
                output = formats[-1] or node.output
                changed[node.name] = Requantize.after(source, name=node.name, output=output)
            elif isinstance(node, Add):
                first, second = (new or old for new, old in zip(formats, node.acts, strict=False))
                changed[node.name] = node.with_acts(first, second)
            else:
                changed[node.name] = replace(node, act=formats[0] or node.act)
        return Accelerator(nodes=tuple(changed.values()), sources=self.sources)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back."""
        data: dict[str, Any] = {"nodes": [node.to_json() for node in self.nodes]}
        if self.sources != _chain([node.name for node in self.nodes]):
            data["sources"] = [list(names) for names in self.sources]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(
            nodes=tuple(node_from_json(node) for node in data["nodes"]),
            sources=tuple(tuple(names) for names in data.get("sources", ())),
        )


def _joined(groups: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return `groups` with those of `names` made one, under the first one's name."""
    joined = {groups[name] for name in names}
    first = min(joined, key=list(groups).index)
    return {name: first if own in joined else own for name, own in groups.items()}


def _chain(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the sources of nodes each of which reads the one before."""
    return tuple((name,) for name in (INPUT, *names[:-1]))


def _check_stream(source: Node, sink: Node, port: int) -> None:
    """Raise `DesignError` unless `sink` takes exactly what `source` gives."""
    if source.out_elements != sink.in_elements:
        raise DesignError(
            f"{source.name} gives {source.out_elements} elements per frame, "
            f"but {sink.name} takes {sink.in_elements}"
        )
    taken = in_format(sink, port)
    if source.out_format != taken:
        gives = "exact sums" if source.out_format is None else source.out_format.name
        takes = "exact sums" if taken is None else taken.name
        hint = "; put a Requantize between them" if source.out_format is None else ""
        raise DesignError(f"{source.name} gives {gives}, but {sink.name} takes {takes}{hint}")
    if (
        isinstance(sink, Mvau)
        and isinstance(source, SlidingWindow)
        and sink.groups != source.groups
    ):
        raise DesignError(f"{sink.name} has {sink.groups} groups, {source.name} {source.groups}")
    if isinstance(sink, Requantize) and isinstance(source, SumNode):
        expected = Requantize.after(source, name=sink.name, output=sink.output)
        if sink != expected:
            raise DesignError(f"{sink.name} must match {source.name}: {expected}, not {sink}")
