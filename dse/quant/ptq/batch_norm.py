"""BatchNorm re-estimation: means and variances are taken again in the quantized network."""

from dataclasses import replace

import numpy as np

from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage


def reestimate(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with channels behind BatchNorm as BatchNorm would leave them.

    BatchNorm is merged into its layer, so its new statistics are a factor and a shift a channel:
    those that give the sums of the quantized layer the mean and variance of the float layer's, over
    the calibration images. The factor multiplies the weights' scale; codes stay. It is 1 where a
    tensor has one scale or scales are powers of two. Layers without BatchNorm stay as they are.
    """
    scheme = network.scheme
    scales_are_free = scheme.granularity == "per_channel" and scheme.scale == "float32"
    normalized = calibrated.network.normalized

    def rewrite(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
        if task.name not in normalized:
            return numbers
        return normalize_layer(task, numbers, scales_are_free=scales_are_free)

    return rewrite_layers(network, calibrated, rewrite)


def normalize_layer(
    task: LayerTask, numbers: LayerNumbers, *, scales_are_free: bool
) -> LayerNumbers:
    """Return a layer's numbers with mean and, where scales are free, variance of the float's."""
    mean, variance = task.moments_of_sums(numbers.quantized(), task.inputs)
    float_mean, float_variance = task.moments_of_sums(task.weight, task.float_inputs)
    usable = (variance > 0) & (float_variance > 0) if scales_are_free else np.zeros(len(mean), bool)
    ratio = np.divide(float_variance, variance, out=np.ones_like(mean), where=usable)
    factor = np.sqrt(ratio).astype(np.float32)
    scales = numbers.scales * factor if scales_are_free else numbers.scales
    weight = numbers.codes() * np.broadcast_to(scales, len(factor))[:, None]
    bias = task.bias + float_mean - factor * mean
    return replace(numbers, weight=weight, scales=scales, bias=bias.astype(np.float32))


METHOD = QuantizedMethod(
    stage=Stage.NORMALIZATION,
    source="X. Sun et al., Hybrid 8-bit floating point (HFP8) training and inference for deep "
    "neural networks, NeurIPS 2019",
    apply=reestimate,
)
