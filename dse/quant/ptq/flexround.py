"""FlexRound: weights are divided by learned factors of their own before they are rounded."""

from dataclasses import replace

import torch

from dse.quant.kernels import round_rows
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage
from dse.quant.reconstruction import Reconstruction

_STEPS = 500
_RATE = 1e-2  # of the logarithms of all factors


def round_weights(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with weights ŵ = s·round(w / (s·d)), s and d learned.

    d is a positive factor for each weight, so a weight may move by several steps of the grid, large
    ones more easily than small ones. s is the scale of each channel; it stays where a tensor has
    one scale or scales are powers of two. Layer by layer, the outputs for quantized inputs come as
    near as possible to the float layer's for float inputs. Nothing here is random.
    """
    scheme = network.scheme
    learns_scales = scheme.granularity == "per_channel" and scheme.scale == "float32"

    def rewrite(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
        return round_layer(task, numbers, learns_scales=learns_scales)

    return rewrite_layers(network, calibrated, rewrite)


def round_layer(task: LayerTask, numbers: LayerNumbers, *, learns_scales: bool) -> LayerNumbers:
    """Return a layer's numbers with scales and weights learned; of each channel the best seen."""
    goal = Reconstruction.of(task)
    weight = torch.from_numpy(numbers.weight)
    rounding = numbers.rounding
    start = torch.from_numpy(numbers.scale_of_channel()).log()[:, None]
    scale_log = start.clone()
    factor_log = torch.zeros_like(weight)
    row_log = torch.zeros_like(start)
    learned = [factor_log, row_log, *([scale_log] if learns_scales else [])]
    descent = torch.optim.Adam(learned, lr=_RATE)
    nearest = torch.from_numpy(numbers.quantized())
    least, _ = goal.errors_and_gradient(nearest)
    unit = (least - goal.least_errors()).clamp(min=1e-12)[:, None]
    best_weight, best_scale = nearest.clone(), start.exp()
    for _ in range(_STEPS):
        scale = scale_log.exp() if learns_scales else start.exp()
        divided = weight / (scale * (factor_log + row_log).exp())
        codes = torch.from_numpy(
            round_rows(divided.numpy(), torch.ones(len(divided)).numpy(), rounding)
        )
        found = scale * codes
        errors, slope = goal.errors_and_gradient(found)
        better = (errors < least)[:, None]
        least = torch.minimum(errors, least)
        best_weight = torch.where(better, found, best_weight)
        best_scale = torch.where(better, scale, best_scale)
        # straight-through: the derivative of rounding is 1 inside the range, 0 where it saturates
        inside = (divided >= rounding.low) & (divided <= rounding.high)
        by_code = scale * slope / unit
        by_divided = torch.where(inside, by_code * divided, 0.0)
        factor_log.grad = -by_divided
        row_log.grad = -by_divided.sum(dim=1, keepdim=True)
        scale_log.grad = (by_code * codes - by_divided).sum(dim=1, keepdim=True)
        descent.step()
    scales = best_scale[:, 0].numpy() if learns_scales else numbers.scales
    return replace(numbers, weight=best_weight.numpy(), scales=scales)


METHOD = QuantizedMethod(
    stage=Stage.ROUNDING,
    source="J. H. Lee et al., FlexRound: learnable rounding based on element-wise division for "
    "post-training quantization, ICML 2023, eq. 2",
    apply=round_weights,
)
