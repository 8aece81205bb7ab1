"""Cross-layer equalization: neighbouring layers get weights of equal range, channel by channel."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import fx

from dse.quant.pipeline import CalibratedNetwork
from dse.quant.ptq.base import FloatMethod, Stage
from dse.quant.regions import Region, regions_of, rescale, sink_ranges, source_ranges

_SWEEPS = 20  # as many as Brevitas' script
_SETTLED = 1e-3


def equalize(calibrated: CalibratedNetwork) -> CalibratedNetwork:
    """Return a network that computes the same, with equalized weights, calibrated anew.

    What LayerNorm makes is left alone: its own weights are not quantized, so that no range could be
    gained.
    """
    module = copy.deepcopy(calibrated.network.module)
    balance(module, [region for region in regions_of(module) if not region.norms])
    return calibrated.rewritten(replace(calibrated.network, module=module))


def balance(module: fx.GraphModule, regions: Sequence[Region]) -> None:
    """Equalize the weights around some regions of a graph, which computes the same afterwards.

    A channel that one layer makes with weights up to r₁ and the next reads with weights up to r₂
    is scaled by s = √(r₁/r₂): both ranges become √(r₁·r₂). Layers have neighbours on both sides,
    so this is repeated until nothing moves.
    """
    for _ in range(_SWEEPS):
        moved = 0.0
        for region in regions:
            made, read = source_ranges(module, region), sink_ranges(module, region)
            used = (made > 0) & (read > 0)
            factors = np.sqrt(np.divide(made, read, out=np.ones_like(made), where=used))
            rescale(module, region, factors)
            moved = max(moved, float(np.abs(np.log(factors)).max()))
        if moved < _SETTLED:
            break


METHOD = FloatMethod(
    stage=Stage.WEIGHT_EQUALIZATION,
    source="M. Nagel et al., Data-free quantization through weight equalization and bias "
    "correction, ICCV 2019, eq. 11",
    apply=equalize,
)
