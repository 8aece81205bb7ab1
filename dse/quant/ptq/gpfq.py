"""GPFQ: weights are rounded one by one so that the sum so far stays on the float network's path."""

from dataclasses import replace

import numpy as np
from numba import njit

from dse.quant.kernels import machine, round_to_grid
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage


def round_weights(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with weights rounded along each layer's inputs.

    Each weight makes up for what the weights before it, and the quantization of all inputs up to
    its own, have left between float and quantized sum. Scales stay. Inputs are taken from the one
    with the most energy to the one with the least.
    """
    return rewrite_layers(network, calibrated, round_layer)


def round_layer(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
    """Return a layer's numbers with weights rounded towards the float layer's sums."""
    wanted = task.weight.astype(np.float64)
    weight = numbers.weight.astype(np.float64)
    scales = numbers.scale_of_channel()
    grid = machine(numbers.rounding)
    rows = len(weight) // task.groups
    for group, (gram, cross) in enumerate(zip(task.gram(), task.cross_gram(), strict=True)):
        own = slice(group * rows, (group + 1) * rows)
        order = np.argsort(-np.diag(gram), kind="stable")
        square = np.ix_(order, order)
        columns = np.ascontiguousarray(wanted[own][:, order])
        _follow(columns, scales[own], gram[square].copy(), cross[square].copy(), *grid)
        weight[own, order] = columns
    return replace(numbers, weight=weight.astype(np.float32))


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(weight, scales, gram, cross, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    found = np.empty(weight.shape[1])
    for row in range(weight.shape[0]):
        for t in range(weight.shape[1]):
            wanted = weight[row, t]
            if gram[t, t] > 0:  # an input that is always zero has no say
                left = wanted * cross[t, t]
                for j in range(t):
                    left += weight[row, j] * cross[t, j] - found[j] * gram[t, j]
                wanted = left / gram[t, t]
            value = np.float32(wanted) / scales[row]
            found[t] = round_to_grid(value, low, high, floor, carry) * scales[row]
        weight[row] = found


METHOD = QuantizedMethod(
    stage=Stage.ROUNDING,
    source="J. Zhang, Y. Zhou, R. Saab, Post-training quantization for neural networks with "
    "provable guarantees, SIAM Journal on Mathematics of Data Science 5 (2023), algorithm 1",
    apply=round_weights,
)
