"""SmoothQuant: range moves from activations into the weights that multiply them."""

import copy
from dataclasses import replace

import numpy as np
import torch

from dse.quant.pipeline import CalibratedNetwork
from dse.quant.ptq.base import FloatMethod, Stage
from dse.quant.regions import Floats, Region, regions_of, rescale, sink_ranges

_STRENGTH = 0.5  # α of the paper, which recommends it


def smooth(calibrated: CalibratedNetwork) -> CalibratedNetwork:
    """Return a network that computes the same with smoother activations, calibrated anew.

    A channel with activations up to a, read with weights up to w, is divided by
    s = a^α / w^(1−α), α = 1/2, and its weights are multiplied by it. The layer or LayerNorm that
    makes the channel takes the division.
    """
    module = copy.deepcopy(calibrated.network.module)
    for region in regions_of(module):
        activations = _activation_ranges(calibrated, region)
        weights = sink_ranges(module, region)
        used = (activations > 0) & (weights > 0)
        factors = np.ones(region.channels)
        factors[used] = activations[used] ** _STRENGTH / weights[used] ** (1 - _STRENGTH)
        rescale(module, region, factors)
    return calibrated.rewritten(replace(calibrated.network, module=module))


@torch.no_grad()
def _activation_ranges(calibrated: CalibratedNetwork, region: Region) -> Floats:
    """Return the largest magnitude of each channel that the sinks read, `(channels,)`."""
    ranges = torch.zeros(region.channels)

    def note(sink: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        x = inputs[0].flatten(0, -2) if isinstance(sink, torch.nn.Linear) else inputs[0]
        by_channel = x.reshape(len(x), region.channels, -1).abs().amax(dim=(0, 2))
        torch.maximum(ranges, by_channel, out=ranges)

    module = calibrated.network.module
    hooks = [module.get_submodule(name).register_forward_pre_hook(note) for name in region.sinks]
    try:
        for batch in calibrated.images:
            module(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return ranges.double().numpy()


METHOD = FloatMethod(
    stage=Stage.ACTIVATION_EQUALIZATION,
    source="G. Xiao et al., SmoothQuant: accurate and efficient post-training quantization for "
    "large language models, ICML 2023, eq. 4",
    apply=smooth,
)
