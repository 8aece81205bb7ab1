"""The cost of the matrix units of networks that leave a part to a host."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.cost.node import node_parts
from hw_models.cost.target import DspUse, Target, load_target
from hw_models.cost.variants import IntArray, checked_index
from hw_models.folding import Folding, Pace, cheapest_layer_folding, check_foldings, layer_ii_cycles
from hw_models.nodes import Mvau
from hw_models.partial import PartialAccelerator


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCostTable:
    """Costs of many design points of one such network at one folding; there are no totals.

    Attributes:
        compute_lut: LUTs of all multiply-accumulate lanes, shape `(points,)`.
        weight_bits: Size of all weights [bit], same shape.
        layer_ii_cycles: Cycles per frame of each layer, shape `(layers,)`.
        lanes: Multiply-accumulate lanes of all layers and products.
    """

    compute_lut: IntArray
    weight_bits: IntArray
    layer_ii_cycles: IntArray
    lanes: int

    @property
    def lut_per_mac(self) -> NDArray[np.float64]:
        """LUTs of one multiply-accumulate lane, shape `(points,)`; see `CostReport`."""
        return np.asarray(self.compute_lut / self.lanes)

    @property
    def weight_kib(self) -> NDArray[np.float64]:
        """Size of all weights [KiB], shape `(points,)`."""
        return self.weight_bits / 8192

    @property
    def ii_cycles(self) -> IntArray:
        """Cycles between two frames, the host's time left out, shape `(points,)`."""
        return np.full(len(self.compute_lut), self.layer_ii_cycles.max())


def estimate_partial(
    template: PartialAccelerator,
    formats: Sequence[Format],
    weight_index: NDArray[np.integer],
    act_index: NDArray[np.integer],
    foldings: Sequence[Folding],
    device: str,
    dsp: DspUse,
) -> PartialCostTable:
    """Return the costs of many format assignments.

    A product of activations gets the cheapest folding that is no slower than the slowest layer.

    Args:
        template: Shapes; their formats are replaced.
        formats: Formats that the indices name.
        weight_index: Weight format of every layer, shape `(points, layers)`.
        act_index: Format of every layer's input codes, same shape.
        foldings: Parallelism of each layer.
        device: Name of an FPGA family.
        dsp: As for `estimate`.

    Raises:
        DesignError: Index arrays of another shape or out of range.
        FoldingError: An illegal folding, not one per layer, or a product that is always slower.
        FormatError: A format hardware does not cover.
        UnmodelledError: Something has no rule.
    """
    weights = checked_index(weight_index, len(template.mvaus), formats)
    acts = checked_index(act_index, len(template.mvaus), formats)
    check_foldings(template.mvaus, foldings)
    target = load_target(device, dsp)
    layers = list(zip(template.mvaus, foldings, strict=True))
    ii_cycles = np.array([layer_ii_cycles(template, *layer) for layer in layers], dtype=np.int64)
    products = [
        (product, cheapest_layer_folding(template, product.unit, int(ii_cycles.max())))
        for product in template.products
    ]
    pairs, which = np.unique(np.concatenate([weights, acts], axis=1), axis=0, return_inverse=True)
    costs = np.zeros((len(pairs), 2), dtype=np.int64)
    for row, indices in enumerate(pairs.tolist()):
        chosen = [formats[index] for index in indices]
        network = template.with_formats(chosen[: len(layers)], chosen[len(layers) :])
        units = [
            *zip(network.mvaus, foldings, strict=True),
            *(
                (p.unit, folding)
                for p, (_, folding) in zip(network.products, products, strict=True)
            ),
        ]
        lut = sum(_compute_lut(unit, folding, target) for unit, folding in units)
        costs[row] = lut, network.weight_bits
    return PartialCostTable(
        compute_lut=costs[which.reshape(-1), 0],
        weight_bits=costs[which.reshape(-1), 1],
        layer_ii_cycles=ii_cycles,
        lanes=sum(folding.lanes for _, folding in (*layers, *products)),
    )


@lru_cache(maxsize=1 << 15)
def _compute_lut(unit: Mvau, folding: Folding, target: Target) -> int:
    """Return the LUTs of a unit's multiply-accumulate lanes."""
    parts = node_parts(unit, Pace(folding=folding), target)
    return sum(part.resources.lut for part in parts if part.is_compute)
