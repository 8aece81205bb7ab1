"""From names to an `Evaluator`: what a worker process needs to know to make its own."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from dse.data import Dataset, load_dataset
from dse.formats import parse_format
from dse.models import Network, load_network
from dse.models.train import Epoch
from dse.models.weights import network_digest, trained
from dse.point import HostMath
from dse.progress import Progress, silent
from dse.quant.evaluator import Evaluator
from dse.quant.images import examples_of
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.folding import Shapes

TRAINING_THREADS = 1
"""Threads a network is trained with, on any machine, so that its weights are the same."""


def as_wanted(data: Dataset, network: Network) -> Dataset:
    """Return a data set with the input codes that `network` wants.

    Raises:
        DataError: It wants 8-bit pixels, which `data` does not hold.
    """
    pixels = network.pixels
    if pixels is None:
        return data
    return data.with_pixels(pixels.offset, pixels.scale, parse_format(pixels.format))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorSource:
    """Makes evaluators of one trained network on one data set; the same every time.

    Attributes:
        network: Name of a network, or ``package.module:factory``.
        checkpoint: File with its weights; ``None`` trains it, or takes weights trained before.
        data: Name of a data set.
        calibration: Images of the calibration split to use, counted from its first.
        seed: Seed of the data's splits, of training and of quantization.
        host: What functions that a host computes read.
    """

    network: str
    checkpoint: Path | None
    data: str
    calibration: int
    seed: int
    host: HostMath = "float"

    def data_fingerprint(self) -> str:
        """Read the data and return its fingerprint, without training anything.

        Raises:
            UserError: The data set is unknown, missing or damaged.
        """
        return load_dataset(self.data, self.seed).fingerprint

    def template(self) -> Shapes:
        """Return the network's layer shapes as an accelerator, without training anything.

        Raises:
            UserError: The network is unknown, cannot be costed, or does not fit the data.
        """
        network, data = self._network_and_data()
        traced = trace(network.initial(self.seed), host=self.host)
        return template(traced, data.input_shape, data.input_format)

    def weights(self) -> bytes:
        """Return the network's weights as the content of a checkpoint.

        Raises:
            UserError: As when the network is called for.
        """
        network, data = self._network_and_data()
        buffer = io.BytesIO()
        torch.save(self._trained(network, data, silent)[0].state_dict(), buffer)
        return buffer.getvalue()

    def __call__(self, progress: Progress = silent) -> Evaluator:
        """Load or train the network, and calibrate it.

        Sets the threads torch uses in this process to one.

        Raises:
            UserError: What the files, the network or the training hold against it.
        """
        torch.set_num_threads(1)
        network, data = self._network_and_data()
        module, digest = self._trained(network, data, progress)
        progress("calibration", 0, 1)
        evaluator = Evaluator(
            module,
            digest,
            data,
            calibration=self.calibration,
            seed=self.seed,
            host=self.host,
        )
        progress("calibration", 1, 1)
        return evaluator

    def _network_and_data(self) -> tuple[Network, Dataset]:
        data = load_dataset(self.data, self.seed)
        network = load_network(self.network)
        network.check_fits(data.input_shape, data.n_classes)
        return network, as_wanted(data, network)

    def _trained(
        self, network: Network, data: Dataset, progress: Progress
    ) -> tuple[nn.Module, str]:
        """Return the trained module, and a digest of its structure, weights and quantizers."""

        def report(epoch: Epoch) -> None:
            progress("training", epoch.number, epoch.of)

        weights = trained(
            network,
            data.fingerprint,
            lambda: examples_of(data),
            seed=self.seed,
            checkpoint=self.checkpoint,
            threads=TRAINING_THREADS,
            progress=report,
        )
        module = network.initial(self.seed)
        module.load_state_dict(weights.state)
        structure = network_digest(network) + ("" if self.host == "float" else f" {self.host}")
        digest = hashlib.sha256(f"{structure} {weights.digest}".encode())
        return module, digest.hexdigest()
