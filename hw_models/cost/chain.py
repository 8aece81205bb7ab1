"""The cost of a chain as sums: over layers, each at every folding, and over streams between two.

Each node's cost depends on the folding of one layer, that of a stream on the two layers at its
ends. So the folding with the fewest LUTs is a shortest path, found for very many format
assignments at once; `best_folding` adds budgets. A node that depends on two layers, such as the
addition of a residual network, has no place in such a sum.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.cost.node import node_parts
from hw_models.cost.stream import stream_parts
from hw_models.cost.target import Target
from hw_models.cost.variants import IntArray, Variants
from hw_models.dataflow import Stream, dataflow, lanes_given, lanes_taken
from hw_models.folding import (
    Folding,
    Pace,
    layer_ii_cycles,
    legal_foldings,
    node_ii_cycles,
    node_paces,
)
from hw_models.graph import INPUT, Accelerator, Add, Node
from hw_models.resources import Part, total

NUMBERS = ("lut", "ff", "dsp", "bram18", "uram")
"""What costs consist of, in the order of the last axis of every table here."""
_LUT = NUMBERS.index("lut")
_POINTS_AT_ONCE = 2048

Classes = NDArray[np.intp]
Floats = NDArray[np.float64]


def is_chain(accelerator: Accelerator) -> bool:
    """Return whether every node's cost depends on the folding of one layer."""
    return not any(isinstance(node, Add) for node in accelerator.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Costs by what a node's or stream's formats are, made when they are first asked for.

    Attributes:
        shape: Of the costs under one key, `(…, numbers)`.
    """

    shape: tuple[int, ...]
    _made: dict[int, IntArray] = field(default_factory=dict)

    def of(self, keys: IntArray, make: Callable[[int], object]) -> tuple[IntArray, Classes]:
        """Return the costs under the distinct keys, `(distinct, …)`, and each key's row."""
        distinct, rows = np.unique(keys, return_inverse=True)
        for key in distinct.tolist():
            if key not in self._made:
                self._made[key] = np.array(make(key), dtype=np.int64).reshape(self.shape)
        return np.array([self._made[key] for key in distinct.tolist()]), rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one node or stream adds to points, by the folding of one layer.

    Attributes:
        costs: `(rows, options, numbers)`.
        row: Row of each point, `(points,)`.
    """

    costs: IntArray
    row: Classes

    def of(self, points: slice | Classes) -> IntArray:
        """Return the costs of `points`, `(n, options, numbers)`."""
        return np.asarray(self.costs[self.row[points]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What the stream between two layers adds to points, by the foldings that it tells apart.

    Attributes:
        costs: `(rows, classes, classes, numbers)`.
        row: Row of each point, `(points,)`.
        giver: Class of each folding of the layer in front.
        taker: Class of each folding of the layer behind.
    """

    costs: IntArray
    row: Classes
    giver: Classes
    taker: Classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The costs of points at every folding.

    Attributes:
        own: Terms of each layer.
        between: The stream in front of each layer but the first.
    """

    own: tuple[tuple[Own, ...], ...]
    between: tuple[Between, ...]

    def layer(self, layer: int, points: slice | Classes) -> IntArray:
        """Return what a layer takes at each folding, `(n, options, numbers)`."""
        first, *others = self.own[layer]
        return np.asarray(sum((term.of(points) for term in others), start=first.of(points)))

    def at(self, points: Classes, options: Classes) -> IntArray:
        """Return what `points` take with `options`, `(n, layers)`; `(n, numbers)`."""
        taken = np.zeros((len(options), len(NUMBERS)), dtype=np.int64)
        for layer, terms in enumerate(self.own):
            for term in terms:
                taken += term.costs[term.row[points], options[:, layer]]
        for layer, stream in enumerate(self.between):
            ends = stream.giver[options[:, layer]], stream.taker[options[:, layer + 1]]
            taken += stream.costs[stream.row[points], *ends]
        return taken

    def cheapest(self, points: Classes, prices: Floats | None = None) -> tuple[IntArray, Classes]:
        """Return what `points` take where it is the fewest LUTs, and their options then.

        Args:
            points: Positions of format assignments, `(n,)`.
            prices: What one of each of `NUMBERS` counts instead, `(n, numbers)`; `None`: a LUT 1
                and the others nothing.

        Returns:
            Costs, `(n, numbers)`, and the position of each layer's folding in its options,
            `(n, layers)`.
        """
        starts = range(0, len(points), _POINTS_AT_ONCE)
        parts = [slice(start, start + _POINTS_AT_ONCE) for start in starts]
        options = np.concatenate(
            [
                _shortest(self, points[part], None if prices is None else prices[part])
                for part in parts
            ]
        )
        return self.at(points, options), options


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A stream, where its ends are and how many elements they handle at each folding.

    Attributes:
        stream: The stream.
        layers: Layers whose foldings decide its ends; -1 before the first.
        given: Elements a beat at its source, by the folding that decides them.
        taken: The same, at its sink.
        rows: Its costs.
    """

    stream: Stream
    layers: tuple[int, int]
    given: IntArray
    taken: IntArray
    rows: _Rows


class Chain:
    """A chain whose layers have several foldings to choose from, in any formats.

    What was costed once is kept, so one object should serve many points.
    """

    def __init__(
        self,
        template: Accelerator,
        formats: Sequence[Format],
        options: Sequence[Sequence[Folding]],
        target: Target,
    ) -> None:
        """Begin.

        Args:
            template: Shapes of a chain.
            formats: Formats that indices name.
            options: Foldings that each layer may have.
            target: Device and use of DSP blocks.
        """
        self.options = tuple(tuple(layer) for layer in options)
        self._template, self._formats, self._target = template, tuple(formats), target
        self._deciders = _deciders(template)
        self._paces = self._paces_of_nodes()
        self._ii_cycles = self._ii_of_layers()
        self._nodes = [_Rows(shape=(len(paces), len(NUMBERS))) for paces in self._paces]
        self._streams = tuple(self._places())

    def sums(self, weights: IntArray, acts: IntArray) -> Sums:
        """Return the costs of format assignments, each `(points, layers)`, as sums."""
        variants = Variants.of(self._template, self._formats, weights, acts)
        own: list[list[Own]] = [[] for _ in self.options]
        between = []
        for position, rows in enumerate(self._nodes):
            key, variant = variants.variants(position)
            costs, row = rows.of(key, partial(self._node_costs, position, variant))
            layer = max(self._deciders[position], 0)
            own[layer].append(self._at_options(Own(costs=costs, row=row), layer))
        for place in self._streams:
            key = variants.stream_bits(place.stream)
            costs, row = place.rows.of(key, partial(self._stream_costs, place))
            first, second = place.layers
            if first == second:
                own[first].append(Own(costs=costs, row=row))
            elif first < 0:
                own[second].append(Own(costs=costs[:, 0][:, _class(place.taken)], row=row))
            else:
                between.append(
                    Between(
                        costs=costs, row=row, giver=_class(place.given), taker=_class(place.taken)
                    )
                )
        assert len(between) == len(self.options) - 1, "one stream leads from layer to layer"
        return Sums(own=tuple(map(tuple, own)), between=tuple(between))

    def cheapest(self, weights: IntArray, acts: IntArray) -> tuple[IntArray, Classes]:
        """Return what format assignments take where it is the fewest LUTs, and their options then.

        Args:
            weights: Weight format of every layer, `(points, layers)`.
            acts: Format of every layer's input codes, same shape.

        Returns:
            Costs, `(points, numbers)`, and the position of each layer's folding in its options,
            `(points, layers)`.
        """
        return self.sums(weights, acts).cheapest(np.arange(len(weights)))

    def ii_cycles(self, options: Classes) -> IntArray:
        """Return the cycles per frame of the slowest node with `options`, `(points, layers)`."""
        at = [ii[options[:, layer]] for layer, ii in enumerate(self._ii_cycles)]
        return np.asarray(np.max(at, axis=0))

    def _ii_of_layers(self) -> list[IntArray]:
        """Return the cycles per frame of each layer's slowest node at each of its foldings."""
        cycles = [np.zeros(len(options), dtype=np.int64) for options in self.options]
        for node, decider, paces in zip(
            self._template.nodes, self._deciders, self._paces, strict=True
        ):
            own = cycles[max(decider, 0)]
            np.maximum(own, [node_ii_cycles(node, pace) for pace in paces], out=own)
        return cycles

    def _paces_of_nodes(self) -> list[list[Pace]]:
        """Return each node's pace at every folding of the layer that decides it."""
        first = [options[0] for options in self.options]
        paces: list[list[Pace]] = [[] for _ in self._template.nodes]
        for layer, options in enumerate(self.options):
            for folding in options:
                at = node_paces(self._template, [*first[:layer], folding, *first[layer + 1 :]])
                for position, decider in enumerate(self._deciders):
                    if decider == layer:
                        paces[position].append(at[position])
        fixed = node_paces(self._template, first)
        return [found or [fixed[position]] for position, found in enumerate(paces)]

    def _places(self) -> Iterator[_Place]:
        nodes = self._template.nodes
        at = {node.name: position for position, node in enumerate(nodes)}
        for stream in dataflow(self._template, [options[0] for options in self.options]).streams:
            source, sink = at.get(stream.source), at.get(stream.sink)
            if source is None:
                source = at[self._template.readers_of(INPUT)[0].name]
                given = [lanes_taken(nodes[source], pace) for pace in self._paces[source]]
            else:
                given = [lanes_given(nodes[source], pace) for pace in self._paces[source]]
            if sink is None:
                sink, taken = source, given
            else:
                taken = [lanes_taken(nodes[sink], pace) for pace in self._paces[sink]]
            layers = (self._deciders[source], self._deciders[sink])
            if layers == (-1, -1):
                layers, given, taken = (0, 0), given * self._count(0), taken * self._count(0)
            shape = (len(given),) if layers[0] == layers[1] else (len(set(given)), len(set(taken)))
            yield _Place(
                stream=stream,
                layers=layers,
                given=np.array(given),
                taken=np.array(taken),
                rows=_Rows(shape=(*shape, len(NUMBERS))),
            )

    def _count(self, layer: int) -> int:
        return len(self.options[layer])

    def _at_options(self, term: Own, layer: int) -> Own:
        """Return a term that no folding decides as one that is the same at each of a layer's."""
        if term.costs.shape[1] == self._count(layer):
            return term
        return replace(term, costs=np.repeat(term.costs, self._count(layer), axis=1))

    def _node_costs(
        self, position: int, variant: Callable[[int], Node], key: int
    ) -> list[tuple[int, ...]]:
        node = variant(key)
        return [_node_numbers(node, pace, self._target) for pace in self._paces[position]]

    def _stream_costs(self, place: _Place, bits: int) -> list[tuple[int, ...]]:
        if place.layers[0] == place.layers[1]:
            lanes = list(zip(place.given.tolist(), place.taken.tolist(), strict=True))
        else:
            takers = np.unique(place.taken).tolist()
            lanes = [
                (given, taken) for given in np.unique(place.given).tolist() for taken in takers
            ]
        made = {}
        for given, taken in set(lanes):
            stream = replace(place.stream, bits=bits, source_lanes=given, sink_lanes=taken)
            made[given, taken] = _numbers(stream_parts(stream, self._target))
        return [made[pair] for pair in lanes]


def foldings_within(accelerator: Accelerator, ii_cycles: int) -> tuple[tuple[Folding, ...], ...]:
    """Return every folding of each layer that takes at most `ii_cycles` per frame."""
    return tuple(
        tuple(
            folding
            for folding in legal_foldings(mvau)
            if layer_ii_cycles(accelerator, mvau, folding) <= ii_cycles
        )
        for mvau in accelerator.mvaus
    )


def _shortest(sums: Sums, points: Classes, prices: Floats | None) -> Classes:
    """Return the options of `points` that cost least, found from layer to layer."""
    cost = _priced(sums.layer(0, points), prices)
    backwards: list[Classes] = []
    for layer, between in enumerate(sums.between, start=1):
        reached, came = _through(cost, between, _priced(between.costs[between.row[points]], prices))
        cost = reached + _priced(sums.layer(layer, points), prices)
        backwards.append(came)
    rows = np.arange(len(cost))
    options = [cost.argmin(axis=1)]
    for came in reversed(backwards):
        options.append(came[rows, options[-1]])
    return np.column_stack(options[::-1])


def _priced(costs: IntArray, prices: Floats | None) -> Floats:
    """Return `(n, …, numbers)` as one number each, by the prices of each point, `(n, numbers)`."""
    if prices is None:
        return costs[..., _LUT].astype(np.float64)
    return np.asarray(np.einsum("n...k,nk->n...", costs, prices))


def _through(cost: Floats, between: Between, stream: Floats) -> tuple[Floats, Classes]:
    """Return the least cost up to each folding behind a stream, and the folding in front then.

    Args:
        cost: Least up to each folding in front, `(n, options)`.
        between: The stream.
        stream: What it costs, `(n, classes, classes)`.
    """
    order = np.argsort(between.giver, kind="stable")
    bounds = [*np.flatnonzero(np.diff(between.giver[order], prepend=-1)), len(order)]
    best = np.empty((len(cost), len(bounds) - 1))
    which = np.empty(best.shape, dtype=np.intp)
    rows = np.arange(len(cost))
    for giver, (start, end) in enumerate(pairwise(bounds)):
        members = order[start:end]
        which[:, giver] = members[cost[:, members].argmin(axis=1)]
        best[:, giver] = cost[rows, which[:, giver]]
    through = best[:, :, None] + stream
    giver_of = through.argmin(axis=1)
    reached = np.take_along_axis(through, giver_of[:, None, :], axis=1)[:, 0]
    came = np.take_along_axis(which, giver_of, axis=1)
    return reached[:, between.taker], came[:, between.taker]


def _class(lanes: IntArray) -> Classes:
    return np.unique(lanes, return_inverse=True)[1]


def _deciders(accelerator: Accelerator) -> list[int]:
    """Return the layer whose folding decides each node's pace; -1 for those before the first."""
    layers = {mvau.name: layer for layer, mvau in enumerate(accelerator.mvaus)}
    windows = {
        window.name: layer
        for layer, mvau in enumerate(accelerator.mvaus)
        if (window := accelerator.window_of(mvau)) is not None
    }
    deciders = {INPUT: -1}
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        own = layers.get(node.name, windows.get(node.name))
        deciders[node.name] = deciders[sources[0]] if own is None else own
    return [deciders[node.name] for node in accelerator.nodes]


@lru_cache(maxsize=1 << 17)
def _node_numbers(node: Node, pace: Pace, target: Target) -> tuple[int, ...]:
    """Return the costs of one node; chains of several IIs have foldings in common."""
    return _numbers(node_parts(node, pace, target))


def _numbers(parts: Sequence[Part]) -> tuple[int, ...]:
    taken = total(parts)
    return tuple(getattr(taken, name) for name in NUMBERS)
