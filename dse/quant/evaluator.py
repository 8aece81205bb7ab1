"""The accuracy of quantizations of one trained network on one data set."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from torch import nn

from dse.data import Dataset
from dse.errors import DesignError, DivergedError
from dse.point import (
    AccuracyContext,
    ActRange,
    Granularity,
    HostMath,
    Quantization,
    Scale,
    WeightRange,
)
from dse.progress import Progress, silent
from dse.quant.fast import freeze, logits_of
from dse.quant.images import Images, examples_of
from dse.quant.measure import Logits, outcomes_of, result_of
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.qat import TrainedNetwork, TrainingStart, read_trained, train_quantized
from dse.quant.quantizer import Quantizer
from dse.quant.result import AccuracyResult, EndedEarly, Outcome
from dse.quant.sensitivity import Sensitivity
from dse.quant.trace import trace

_TOGETHER = 8  # quantizations whose common beginning is computed once


class Evaluator:
    """Evaluates quantizations of a calibrated network; `traced` is the float network.

    Build it with the number of torch threads its results are to be made with (one, everywhere in
    bitfront): float32 sums depend on it in the last bit.
    """

    def __init__(
        self,
        network: nn.Module,
        weights_digest: str,
        data: Dataset,
        *,
        calibration: int,
        seed: int,
        host: HostMath = "float",
    ) -> None:
        """Trace the network and calibrate it.

        Args:
            network: Trained network.
            weights_digest: What names its structure and weights in keys.
            data: Data set.
            calibration: Images of the calibration split to use, counted from its first.
            seed: Seed of everything random in quantization.
            host: What functions that a host computes read.

        Raises:
            DesignError: The calibration split is smaller than `calibration`.
            UnsupportedLayerError: The network cannot be quantized.
        """
        if calibration > len(data.calibration):
            raise DesignError(
                f"{calibration} calibration images were asked for, but data set '{data.name}' "
                f"sets {len(data.calibration)} aside"
            )
        self.traced = trace(network, host=host)
        self._data = data
        # in random order, so that its beginning is a fair sample
        order = np.random.default_rng(seed).permutation(len(data.validation))
        self._validation = Images(data, data.validation.take(order))
        self._test = Images(data, data.test)
        images = tuple(Images(data, data.calibration.take(np.arange(calibration))))
        self._quantizer = Quantizer(
            calibrated=CalibratedNetwork.from_images(self.traced, images, data.input_scale),
            seed=seed,
        )
        self.image_shape = data.input_shape
        self.input_format = data.input_format
        self.input_scale = data.input_scale
        self.context = AccuracyContext(
            weights=weights_digest, data=data.fingerprint, calibration=calibration, seed=seed
        )

    @cached_property
    def float_accuracy(self) -> AccuracyResult:
        """Accuracy before quantization, measured when it is first asked for: workers never do."""
        return self._measured(lambda batch: iter([self.traced.module(batch)]))

    def sensitivity(
        self,
        *,
        granularity: Granularity,
        scale: Scale,
        act_range: ActRange,
        weight_range: WeightRange,
    ) -> Sensitivity:
        """Return the SQNR of the layers, with scales found as `Scheme` says."""
        return Sensitivity(
            self.calibrated,
            granularity=granularity,
            scale=scale,
            act_range=act_range,
            weight_range=weight_range,
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the multiplying layers, in the order of execution."""
        return self.traced.layer_names

    @property
    def never_negative(self) -> frozenset[str]:
        """Layers behind an activation function whose outputs are never negative."""
        return frozenset(layer.name for layer in self.traced.layers if layer.nonnegative)

    @property
    def calibrated(self) -> CalibratedNetwork:
        """The float network with its calibration statistics."""
        return self._quantizer.calibrated

    def quantized(self, wanted: Quantization) -> QuantizedNetwork:
        """Return the Brevitas network whose accuracy `evaluate` measures, before any training.

        Raises:
            DesignError: The scheme does not fit the network, or the recipe makes no sense.
            FormatError: Brevitas cannot express a format.
            UnknownPluginError: The recipe has a method nobody knows.
        """
        return self._quantizer.quantized(wanted)

    def evaluate(
        self, wanted: Sequence[Quantization], floors_pct: Sequence[float] | None = None
    ) -> Iterator[Outcome]:
        """Yield the accuracy of each quantization, in order.

        Neighbours that share their first layers' weights share their computation.

        Args:
            wanted: Quantizations.
            floors_pct: For each the validation accuracy below which nobody needs it: it ends as
                soon as it is clear to stay below. `None`, or a floor of 0: every image is seen.

        Raises:
            UserError: As for `quantized`.
        """
        floors = [0.0] * len(wanted) if floors_pct is None else floors_pct
        for start in range(0, len(wanted), _TOGETHER):
            together = slice(start, start + _TOGETHER)
            networks, changes, seconds = [], [], []
            for quantization in wanted[together]:
                began = time.perf_counter()
                network = self.quantized(quantization)
                networks.append(freeze(network))
                changes.append(self._quantizer.changed_weights_pct(network))
                seconds.append(time.perf_counter() - began)
            outcomes = outcomes_of(networks, self._validation, self._test, floors[together])
            for outcome, changed, own in zip(outcomes, changes, seconds, strict=True):
                took = replace(outcome, seconds=outcome.seconds + own)
                if isinstance(took, AccuracyResult):
                    took = replace(took, changed_weights_pct=changed)
                yield took

    def measure(self, network: QuantizedNetwork) -> AccuracyResult:
        """Return the accuracy of a network with constant scales, such as a trained one."""
        result = self._measured(partial(logits_of, [freeze(network)]))
        changed = self._quantizer.changed_weights_pct(network)
        return replace(result, changed_weights_pct=changed)

    def train(
        self, wanted: Quantization, checkpoint: Path, progress: Progress = silent
    ) -> TrainedNetwork:
        """Train a network on from what its recipe gives.

        Args:
            wanted: Formats, recipe and training.
            checkpoint: File that holds how far training is. If it exists, training goes on there.
            progress: Told of the epochs.

        Raises:
            UserError: As for `quantized`.
            DivergedError: The loss became NaN or Inf.
            DataError: The checkpoint is damaged, or of another training.
        """
        examples = examples_of(self._data)
        return train_quantized(self._start(wanted), examples, checkpoint, progress)

    def trained(self, wanted: Quantization, checkpoint: Path) -> QuantizedNetwork:
        """Return the network that `train` left in its checkpoint.

        Raises:
            DataError: The checkpoint is missing, damaged, unfinished or of another training.
        """
        return read_trained(self._start(wanted), checkpoint)

    def train_and_measure(
        self, wanted: Quantization, checkpoint: Path, progress: Progress = silent
    ) -> Outcome:
        """Return the accuracy after training, or that training diverged.

        Raises:
            UserError: As for `train`.
        """
        started = time.perf_counter()
        try:
            result = self.measure(self.train(wanted, checkpoint, progress).network)
        except DivergedError as error:
            seconds = time.perf_counter() - started
            return EndedEarly(reason=str(error), n_val=0, val_bound_pct=100.0, seconds=seconds)
        return replace(result, seconds=time.perf_counter() - started)

    def _start(self, wanted: Quantization) -> TrainingStart:
        assert wanted.training is not None, "the caller asks for training"
        return TrainingStart(
            network=self.quantized(wanted),
            traced=self.traced,
            settings=wanted.training,
            key=wanted.accuracy_key(self.context),
        )

    def _measured(self, logits: Logits) -> AccuracyResult:
        """Return the result of one network whose logits come batch by batch."""
        return result_of(logits, self._validation, self._test)
