"""Bias correction: a layer's bias takes up the mean error of its outputs."""

from dataclasses import replace

import numpy as np

from dse.quant.kernels import FloatArray
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import Floats, LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage


def correct_biases(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with biases under which each channel's mean is the float network's.

    b̂ = b + E[W x] − E[Ŵ x̂] over the calibration images, with the quantized inputs x̂ that
    corrected earlier layers give.
    """
    return rewrite_layers(network, calibrated, correct_layer)


def correct_layer(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
    """Return a layer's numbers with a bias that takes up the mean error of each channel."""
    mean, float_mean = task.means()
    wanted = _products(task.weight, float_mean)
    found = _products(numbers.quantized(), mean)
    return replace(numbers, bias=(task.bias + wanted - found).astype(np.float32))


def _products(weight: FloatArray, mean: Floats) -> Floats:
    """Return what rows of weights `(out, n)` make of a patch `(g, n)`, `(out,)`."""
    by_group = weight.reshape(len(mean), -1, weight.shape[1]).astype(np.float64)
    sums: Floats = np.einsum("gon,gn->go", by_group, mean)
    return sums.reshape(-1)


METHOD = QuantizedMethod(
    stage=Stage.BIAS,
    source="M. Nagel et al., Data-free quantization through weight equalization and bias "
    "correction, ICCV 2019, section 4.2, in its empirical form",
    apply=correct_biases,
)
