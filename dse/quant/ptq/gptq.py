"""GPTQ: weights are rounded one by one, and those to come make up for the error."""

from dataclasses import replace

import numpy as np
import torch
from numba import njit

from dse.quant.kernels import machine, round_to_grid
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import Floats, LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage

_DAMPING = 0.01  # of the mean diagonal, as in the paper


def round_weights(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with weights rounded for least squared error of each layer's outputs.

    The outputs are those for quantized inputs. Scales stay. Inputs are taken from the one with the
    most energy to the one with the least ("act-order").
    """
    return rewrite_layers(network, calibrated, round_layer)


def round_layer(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
    """Return a layer's numbers with weights rounded under its quantized inputs."""
    hessians = task.gram()
    weight = numbers.weight.astype(np.float64)
    scales = numbers.scale_of_channel()
    grid = machine(numbers.rounding)
    rows = len(weight) // task.groups
    for group, hessian in enumerate(hessians):
        own = slice(group * rows, (group + 1) * rows)
        order = np.argsort(-np.diag(hessian), kind="stable")
        factor = _inverse_factor(hessian[np.ix_(order, order)])
        columns = np.ascontiguousarray(weight[own][:, order])
        _round_in_order(columns, scales[own], factor, *grid)
        weight[own, order] = columns
    return replace(numbers, weight=weight.astype(np.float32))


def _inverse_factor(hessian: Floats) -> Floats:
    """Return the upper triangular U with Uᵀ U the inverse of the damped `hessian` `(n, n)`."""
    energy = np.diag(hessian)
    damping = _DAMPING * energy.mean() or 1.0
    # inputs that are always zero may have any weight: with a unit of energy they keep theirs
    damped = torch.from_numpy(hessian + np.diag(np.where(energy > 0, damping, 1.0)))
    # by torch, whose threads are one: numpy's would depend on the machine
    factor: Floats = torch.linalg.cholesky(torch.linalg.inv(damped), upper=True).numpy().copy()
    return factor


@njit(cache=True, nogil=True, error_model="numpy")
def _round_in_order(weight, scales, factor, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            wanted = weight[row, column]
            value = np.float32(wanted) / scales[row]
            found = round_to_grid(value, low, high, floor, carry) * scales[row]
            error = (wanted - found) / factor[column, column]
            weight[row, column] = found
            for later in range(column + 1, weight.shape[1]):
                weight[row, later] -= error * factor[column, later]


METHOD = QuantizedMethod(
    stage=Stage.ROUNDING,
    source="E. Frantar et al., GPTQ: accurate post-training quantization for generative "
    "pre-trained transformers, ICLR 2023, algorithm 1",
    apply=round_weights,
)
