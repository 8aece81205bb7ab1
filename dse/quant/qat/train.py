"""Trains a quantized network with a file, from which an interrupted training goes on."""

from dataclasses import dataclass
from pathlib import Path

from dse.errors import DataError
from dse.models.weights import Examples
from dse.progress import Progress, silent
from dse.quant.pipeline import QuantizedNetwork
from dse.quant.qat.checkpoint import load_checkpoint, save_checkpoint
from dse.quant.qat.run import QatEpoch, QatRun, network_of
from dse.quant.trace import TracedNetwork
from dse.training import QatSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingStart:
    """What a training begins with.

    Attributes:
        network: As `prepare` or a post-training recipe gives it.
        traced: The float network: the teacher.
        settings: How to train.
        key: Digest of everything the training depends on.
    """

    network: QuantizedNetwork
    traced: TracedNetwork
    settings: QatSettings
    key: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A network after quantization-aware training.

    Attributes:
        network: The best epoch's, with constant scales.
        history: Epochs, the network before training first.
        best: Number of the epoch with the best validation accuracy.
    """

    network: QuantizedNetwork
    history: tuple[QatEpoch, ...]
    best: int


def train_quantized(
    start: TrainingStart, examples: Examples, checkpoint: Path, progress: Progress = silent
) -> TrainedNetwork:
    """Train a quantized network on, an epoch at a time; the checkpoint follows each.

    Torch must run in the one thread everything else runs in.

    Args:
        start: Where training begins.
        examples: Training and validation images, on the input's grid.
        checkpoint: File that holds how far training is. If it exists, training goes on from there.
        progress: Told of the epochs.

    Raises:
        DivergedError: The loss became NaN or Inf.
        DataError: The checkpoint is damaged, or of another training.
    """
    resumed = load_checkpoint(start.key, checkpoint)
    run = QatRun(start.network, start.traced, examples, start.settings)
    state = resumed
    for state in run.states(resumed):
        save_checkpoint(state, start.key, checkpoint)
        progress("training", state.history[-1].number, start.settings.epochs)
    assert state is not None, "there is a state before the first epoch"
    return TrainedNetwork(
        network=run.network(state), history=state.history, best=state.best_epoch.number
    )


def read_trained(start: TrainingStart, checkpoint: Path) -> QuantizedNetwork:
    """Return the network a finished training has left in its checkpoint.

    Raises:
        DataError: The checkpoint is missing, damaged, unfinished or of another training.
    """
    state = load_checkpoint(start.key, checkpoint)
    if state is None or not state.is_over(start.settings):
        what = "there is no" if state is None else "training has not ended in"
        raise DataError(
            f"{what} checkpoint {checkpoint}, which holds the trained weights; put it back, or "
            "train again with 'bitfront train'"
        )
    return network_of(state, start.network, start.traced, start.settings)
