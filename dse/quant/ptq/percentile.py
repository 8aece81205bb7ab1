"""Activation scales from a percentile: what is beyond it saturates."""

from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage


def rescale(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with the 99.99 percentile of each tensor at its format's largest value."""
    return calibrated.with_ranges(network, "percentile")


METHOD = QuantizedMethod(
    stage=Stage.RANGES,
    source="H. Wu et al., Integer quantization for deep learning inference: principles and "
    "empirical evaluation, 2020 (arXiv 2004.09602)",
    apply=rescale,
)
