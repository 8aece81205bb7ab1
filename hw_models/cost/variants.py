"""Format assignments of very many design points, and which variants of each node they need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from dse.formats import Format
from hw_models.accumulator import accumulator_bits_table
from hw_models.dataflow import Stream
from hw_models.graph import Accelerator, Add, Mvau, Node, Pool, Requantize

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Format assignments, and which variants of a node they need.

    Attributes:
        template: Shapes.
        formats: Formats that the indices name.
        weight: Index of each layer's weight format, shape `(points, layers)`.
        act: Index of the format of each layer's input codes, same shape.
    """

    template: Accelerator
    formats: tuple[Format, ...]
    weight: IntArray
    act: IntArray

    @classmethod
    def of(
        cls,
        template: Accelerator,
        formats: Sequence[Format],
        weight_index: NDArray[np.integer],
        act_index: NDArray[np.integer],
    ) -> Self:
        """Return assignments after checking their indices.

        Raises:
            DesignError: Index arrays of another shape or out of range.
        """
        layers = len(template.mvaus)
        weight = checked_index(weight_index, layers, formats)
        act = checked_index(act_index, layers, formats)
        if weight.shape != act.shape:
            raise DesignError(f"indices must have one shape, not {weight.shape} and {act.shape}")
        return cls(template=template, formats=tuple(formats), weight=weight, act=act)

    def variants(self, position: int) -> tuple[IntArray, Callable[[int], Node]]:
        """Return every point's key for the node at `position`, and what node a key stands for.

        A node's cost depends on few formats: an Mvau's on its two, a requantizer's on the width of
        the sums and its output, any other's on the codes it takes. Codes that no layer multiplies
        keep the template's format.
        """
        node, count = self.template.nodes[position], len(self.formats)
        if isinstance(node, Mvau):
            layer = self.template.mvaus.index(node)
            return self.weight[:, layer] * count + self.act[:, layer], lambda key: replace(
                node, weight=self.formats[key // count], act=self.formats[key % count]
            )
        if isinstance(node, Requantize):
            return self._requantize_variants(node)
        if isinstance(node, Add):
            return self._add_variants(node)
        name = self.template.sources[position][0]
        layer = self.template.code_layers[name]
        if layer == self.weight.shape[1]:
            return np.zeros(len(self.weight), dtype=np.int64), lambda _: node
        return self.act[:, layer], lambda key: replace(node, act=self._codes(name, key))

    def _add_variants(self, node: Add) -> tuple[IntArray, Callable[[int], Add]]:
        """Return keys and nodes of an addition, whose streams may differ in their sign."""
        names, count = self.template.sources_of(node), len(self.formats)
        first, second = (self.template.code_layers[name] for name in names)
        if self.weight.shape[1] in (first, second):
            return np.zeros(len(self.weight), dtype=np.int64), lambda _: node
        return self.act[:, first] * count + self.act[:, second], lambda key: node.with_acts(
            self._codes(names[0], key // count), self._codes(names[1], key % count)
        )

    def _codes(self, name: str, act: int) -> Format:
        """Return the format of the codes of a node where their layer takes format `act`."""
        return self.template.code_format(name, self.formats[act])

    def _requantize_variants(self, node: Requantize) -> tuple[IntArray, Callable[[int], Node]]:
        """Return keys and nodes of a requantizer."""
        (source,) = self.template.sources_of(node)
        bits = self._sum_bits(self.template.node(source))
        layer = self.template.code_layers[node.name]
        if layer == self.weight.shape[1]:
            return bits, lambda key: replace(node, accumulator_bits=key)
        count = len(self.formats)
        return bits * count + self.act[:, layer], lambda key: replace(
            node, accumulator_bits=key // count, output=self._codes(node.name, key % count)
        )

    def _sum_bits(self, source: Node) -> IntArray:
        """Return the width of the sums of `source` [bit]."""
        if isinstance(source, Mvau):
            layer = self.template.mvaus.index(source)
            table = accumulator_bits_table(source.mw, self.formats, self.formats)
            return np.asarray(table[self.weight[:, layer], self.act[:, layer]])
        if isinstance(source, Add):
            key, variant = self._add_variants(source)
            keys, which = np.unique(key, return_inverse=True)
            return np.array([variant(k).accumulator_bits for k in keys.tolist()])[which]
        assert isinstance(source, Pool), "nothing else gives sums"
        name = self.template.sources_of(source)[0]
        layer = self.template.code_layers[name]
        if layer == self.weight.shape[1]:
            return np.full(len(self.weight), source.accumulator_bits)
        bits = np.zeros(len(self.formats), dtype=np.int64)
        for act in np.unique(self.act[:, layer]).tolist():
            bits[act] = replace(source, act=self._codes(name, act)).accumulator_bits
        return np.asarray(bits[self.act[:, layer]])

    def stream_bits(self, stream: Stream) -> IntArray:
        """Return the width of an element of `stream` at every point [bit]."""
        source = self.template.node(stream.source) if stream.source else None
        if source is not None and source.out_format is None:
            return self._sum_bits(source)
        layer = self.template.code_layers[stream.source]
        if layer == self.weight.shape[1]:
            return np.full(len(self.weight), stream.bits)
        bits = np.zeros(len(self.formats), dtype=np.int64)
        for act in np.unique(self.act[:, layer]).tolist():
            bits[act] = self._codes(stream.source, act).bits
        return np.asarray(bits[self.act[:, layer]])


def checked_index(index: NDArray[np.integer], layers: int, formats: Sequence[Format]) -> IntArray:
    """Return an index of formats `(points, layers)` as int64 after checking shape and range.

    Raises:
        DesignError: It has another shape, or an index without a format.
    """
    if index.ndim != 2 or index.shape[1] != layers:
        raise DesignError(f"format indices must have shape (points, {layers}), not {index.shape}")
    if index.size and not 0 <= index.min() <= index.max() < len(formats):
        raise DesignError(f"format indices must lie in 0 … {len(formats) - 1}")
    return index.astype(np.int64)
