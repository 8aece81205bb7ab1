"""The cost of very many design points at once: every distinct node once, then gathered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.cost.node import node_parts
from hw_models.cost.stream import fork_parts, stream_parts
from hw_models.cost.target import DspUse, Target, load_target
from hw_models.cost.variants import IntArray, Variants
from hw_models.dataflow import Stream, dataflow
from hw_models.folding import Folding, Pace, node_ii_cycles, node_paces
from hw_models.graph import INPUT, Accelerator, Mvau, Node
from hw_models.resources import Resources, total


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
    points = Variants.of(template, formats, weight_index, act_index)
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
