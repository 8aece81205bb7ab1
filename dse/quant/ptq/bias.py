"""Bias correction: a layer's bias takes up the mean error of its outputs."""

from dataclasses import replace

import numpy as np

from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask, rewrite_layers
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
    wanted, _ = task.moments_of_sums(task.weight, task.float_inputs)
    found, _ = task.moments_of_sums(numbers.quantized(), task.inputs)
    return replace(numbers, bias=(task.bias + wanted - found).astype(np.float32))


METHOD = QuantizedMethod(
    stage=Stage.BIAS,
    source="M. Nagel et al., Data-free quantization through weight equalization and bias "
    "correction, ICCV 2019, section 4.2, in its empirical form",
    apply=correct_biases,
)
