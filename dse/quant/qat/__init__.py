"""Quantization-aware training."""

from dse.quant.qat.run import QatEpoch, QatRun, QatSettings, QatState
from dse.quant.qat.train import TrainedNetwork, train_quantized

__all__ = ["QatEpoch", "QatRun", "QatSettings", "QatState", "TrainedNetwork", "train_quantized"]
