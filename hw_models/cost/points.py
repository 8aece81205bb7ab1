"""The cost of very many design points at once: every distinct node once, then gathered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from dse.formats import Format
from hw_models.accumulator import accumulator_bits_table
from hw_models.cost.node import node_parts
from hw_models.cost.stream import fork_parts, stream_parts
from hw_models.cost.target import DspUse, Target, load_target
from hw_models.dataflow import Stream, dataflow
from hw_models.folding import Folding, Pace, node_ii_cycles, node_paces
from hw_models.graph import INPUT, Accelerator, Add, Mvau, Node, Pool, Requantize
from hw_models.resources import Resources, total

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """Costs of many design points of one network at one folding.

    Attributes:
        layer_lut: LUTs, shape `(points, layers)`; a layer's window, requantizer and pools included.
        layer_ff: Flip-flops, same shape.
        layer_dsp: DSP blocks, same shape.
        layer_bram18: Block RAMs, same shape.
        layer_compute_lut: LUTs of the multiply-accumulate lanes alone, same shape.
        layer_weight_bits: Size of the weights [bit], same shape.
        layer_ii_cycles: Cycles per frame of each layer's slowest node, shape `(layers,)`; formats
            play no part in it.
        lanes: Multiply-accumulate lanes of all layers.
    """

    layer_lut: IntArray
    layer_ff: IntArray
    layer_dsp: IntArray
    layer_bram18: IntArray
    layer_compute_lut: IntArray
    layer_weight_bits: IntArray
    layer_ii_cycles: IntArray
    lanes: int

    @property
    def lut(self) -> IntArray:
        """LUTs, shape `(points,)`."""
        return np.asarray(self.layer_lut.sum(axis=1))

    @property
    def ff(self) -> IntArray:
        """Flip-flops, shape `(points,)`."""
        return np.asarray(self.layer_ff.sum(axis=1))

    @property
    def dsp(self) -> IntArray:
        """DSP blocks, shape `(points,)`."""
        return np.asarray(self.layer_dsp.sum(axis=1))

    @property
    def bram18(self) -> IntArray:
        """Block RAMs, shape `(points,)`."""
        return np.asarray(self.layer_bram18.sum(axis=1))

    @property
    def weight_bits(self) -> IntArray:
        """Size of all weights [bit], shape `(points,)`."""
        return np.asarray(self.layer_weight_bits.sum(axis=1))

    @property
    def weight_kib(self) -> NDArray[np.float64]:
        """Size of all weights [KiB], shape `(points,)`."""
        return self.weight_bits / 8192

    @property
    def lut_per_mac(self) -> NDArray[np.float64]:
        """LUTs of one multiply-accumulate lane, shape `(points,)`; see `CostReport`."""
        return np.asarray(self.layer_compute_lut.sum(axis=1) / self.lanes)

    @property
    def ii_cycles(self) -> IntArray:
        """Cycles between two frames, shape `(points,)`."""
        return np.full(len(self.layer_lut), self.layer_ii_cycles.max())


def estimate_points(
    template: Accelerator,
    formats: Sequence[Format],
    weight_index: NDArray[np.integer],
    act_index: NDArray[np.integer],
    foldings: Sequence[Folding],
    device: str,
    dsp: DspUse,
) -> CostTable:
    """Return the costs of many format assignments; equal to `estimate` for each of them.

    Args:
        template: Shapes; its formats are replaced (but for a requantizer behind the last layer).
        formats: Formats that the indices name.
        weight_index: Weight format of every layer, shape `(points, layers)`.
        act_index: Format of every layer's input codes, shape `(points, layers)`.
        foldings: Parallelism of each layer.
        device: Name of an FPGA family.
        dsp: As for `estimate`.

    Raises:
        DesignError: Index arrays of another shape or out of range; and as `estimate`.
    """
    points = _Points(
        template=template,
        formats=tuple(formats),
        weight=checked_index(weight_index, len(template.mvaus), formats),
        act=checked_index(act_index, len(template.mvaus), formats),
    )
    if points.weight.shape != points.act.shape:
        raise DesignError(
            f"indices must have one shape, not {points.weight.shape} and {points.act.shape}"
        )
    target = load_target(device, dsp)
    costs = np.zeros((len(_NUMBERS), *points.weight.T.shape), dtype=np.int64)
    ii_cycles = np.zeros(points.weight.shape[1], dtype=np.int64)
    paces = node_paces(template, foldings)
    for position, (pace, layer) in enumerate(zip(paces, template.layer_of_node, strict=True)):
        key, variant = points.variants(position)
        _add_costs(costs[:, layer], key, partial(_variant_numbers, variant, pace, target))
        node_ii = node_ii_cycles(template.nodes[position], pace)
        ii_cycles[layer] = max(ii_cycles[layer], node_ii)
    flow = dataflow(template, foldings)
    owners = dict(zip((node.name for node in template.nodes), template.layer_of_node, strict=True))
    for stream in flow.streams:
        layer = owners[stream.sink or stream.source]
        bits = points.stream_bits(stream)
        _add_costs(costs[:, layer], bits, partial(_stream_numbers, stream, target))
    for name in (INPUT, *owners):
        numbers = _numbers(total(fork_parts(flow, name)))
        costs[:, owners.get(name, 0)] += np.array(numbers)[:, None]
    return CostTable(
        **{f"layer_{name}": costs[column].T for column, name in enumerate(_NUMBERS)},
        layer_ii_cycles=ii_cycles,
        lanes=sum(folding.lanes for folding in foldings),
    )


_NUMBERS = ("lut", "ff", "dsp", "bram18", "compute_lut", "weight_bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Points:
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


def _add_costs(costs: IntArray, key: IntArray, numbers: Callable[[int], tuple[int, ...]]) -> None:
    """Add to the costs `(numbers, points)` of one layer what each point's key stands for."""
    used = np.flatnonzero(np.bincount(key))
    table = np.zeros((len(_NUMBERS), int(used.max(initial=0)) + 1), dtype=np.int64)
    for index in used.tolist():
        table[:, index] = numbers(index)
    for column, row in enumerate(table):
        if row.any():  # most nodes take neither DSP blocks nor weights
            costs[column] += row[key]


def _stream_numbers(stream: Stream, target: Target, bits: int) -> tuple[int, ...]:
    """Return the costs of a stream whose elements have a width [bit]."""
    return _numbers(total(stream_parts(replace(stream, bits=bits), target)))


def _numbers(resources: Resources) -> tuple[int, ...]:
    """Return `resources` in the order of `_NUMBERS`."""
    return (resources.lut, resources.ff, resources.dsp, resources.bram18, 0, 0)


def _variant_numbers(
    variant: Callable[[int], Node], pace: Pace, target: Target, key: int
) -> tuple[int, ...]:
    """Return the costs of the node that a key stands for."""
    return _node_numbers(variant(key), pace, target)


@lru_cache(maxsize=1 << 17)
def _node_numbers(node: Node, pace: Pace, target: Target) -> tuple[int, ...]:
    """Return the costs of one node in the order of `_NUMBERS`."""
    parts = node_parts(node, pace, target)
    resources: Resources = total(parts)
    compute_lut = sum(part.resources.lut for part in parts if part.is_compute)
    weight_bits = node.weight_bits if isinstance(node, Mvau) else 0
    return (
        resources.lut,
        resources.ff,
        resources.dsp,
        resources.bram18,
        compute_lut,
        weight_bits,
    )


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
