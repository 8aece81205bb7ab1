"""Trains a scheme of a calibrated network in a folder, where an interrupted training goes on."""

from dataclasses import dataclass
from pathlib import Path

from dse.data import Dataset
from dse.point import Quantization, sha256_of
from dse.progress import Progress, silent
from dse.quant.evaluator import Evaluator
from dse.quant.pipeline import QuantizedNetwork
from dse.quant.qat.checkpoint import load_checkpoint, save_checkpoint
from dse.quant.qat.run import QatEpoch, QatRun, QatSettings
from dse.quant.result import AccuracyResult
from dse.quant.source import examples_of

QAT_VERSION = 1
"""Raised by hand whenever the same training gives another network."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A network after quantization-aware training, and what became of its accuracy.

    Attributes:
        network: The best epoch's, with constant scales.
        history: Epochs, the network before training first.
        best: Number of the epoch with the best validation accuracy.
        before: Accuracy before training.
        after: Accuracy of `network`.
    """

    network: QuantizedNetwork
    history: tuple[QatEpoch, ...]
    best: int
    before: AccuracyResult
    after: AccuracyResult


def train_quantized(
    evaluator: Evaluator,
    wanted: Quantization,
    data: Dataset,
    settings: QatSettings,
    checkpoint: Path,
    progress: Progress = silent,
) -> TrainedNetwork:
    """Train a quantized network on, an epoch at a time; the checkpoint follows each.

    Torch must run in as many threads as the evaluator was made with.

    Args:
        evaluator: The calibrated float network.
        wanted: Number formats, and the post-training recipe to start from.
        data: Data set of the evaluator.
        settings: How to train.
        checkpoint: File that holds how far training is. If it exists, training goes on from there.
        progress: Told of the epochs.

    Raises:
        UserError: As for `Evaluator.quantized`.
        DivergedError: The loss became NaN or Inf.
        DataError: The checkpoint is damaged, or of another training.
    """
    key = sha256_of(
        {
            "context": evaluator.context,
            "quantization": wanted,
            "settings": settings,
            "version": QAT_VERSION,
        }
    )
    start = evaluator.quantized(wanted)
    resumed = load_checkpoint(key, checkpoint)
    run = QatRun(start, evaluator.traced, examples_of(data), settings)
    state = resumed
    for state in run.states(resumed):
        save_checkpoint(state, key, checkpoint)
        progress("training", state.history[-1].number, settings.epochs)
    assert state is not None, "there is a state before the first epoch"
    network = run.network(state)
    return TrainedNetwork(
        network=network,
        history=state.history,
        best=state.best_epoch.number,
        before=evaluator.measure(start),
        after=evaluator.measure(network),
    )
