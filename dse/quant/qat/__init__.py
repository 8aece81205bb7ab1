"""Quantization-aware training."""

from dse.quant.qat.run import QatEpoch, QatRun, QatState
from dse.quant.qat.train import TrainedNetwork, TrainingStart, read_trained, train_quantized

__all__ = [
    "QatEpoch",
    "QatRun",
    "QatState",
    "TrainedNetwork",
    "TrainingStart",
    "read_trained",
    "train_quantized",
]
