"""The accuracy of quantizations of one trained network on one data set."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
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
        self._validation = Images.of(data, data.validation)
        self._test = Images.of(data, data.test)
        images = Images.of(data, data.calibration.take(np.arange(calibration)))
        self._quantizer = Quantizer(
            calibrated=CalibratedNetwork.from_images(self.traced, images.batches, data.input_scale),
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
        return next(self._measure(1, lambda batch: iter([self.traced.module(batch)])))

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

    def evaluate(self, wanted: Sequence[Quantization]) -> Iterator[AccuracyResult]:
        """Yield the accuracy of each quantization, in order.

        Neighbours that share their first layers' weights share their computation.

        Raises:
            UserError: As for `quantized`.
        """
        for start in range(0, len(wanted), _TOGETHER):
            networks, changes, seconds = [], [], []
            for quantization in wanted[start : start + _TOGETHER]:
                began = time.perf_counter()
                network = self.quantized(quantization)
                networks.append(freeze(network))
                changes.append(self._quantizer.changed_weights_pct(network))
                seconds.append(time.perf_counter() - began)
            results = self._measure(len(networks), partial(logits_of, networks))
            for result, changed, own in zip(results, changes, seconds, strict=True):
                yield replace(result, changed_weights_pct=changed, seconds=result.seconds + own)

    def measure(self, network: QuantizedNetwork) -> AccuracyResult:
        """Return the accuracy of a network with constant scales, such as a trained one."""
        result = next(self._measure(1, partial(logits_of, [freeze(network)])))
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

    def _measure(
        self, count: int, logits: Callable[[torch.Tensor], Iterator[torch.Tensor]]
    ) -> Iterator[AccuracyResult]:
        """Yield the results of `count` networks whose logits come batch by batch."""
        started = time.perf_counter()
        validation = _correct(count, self._validation, logits)
        test = _correct(count, self._test, logits)
        seconds = (time.perf_counter() - started) / count
        for on_validation, on_test in zip(validation, test, strict=True):
            yield AccuracyResult(
                val_top1_pct=100.0 * float(on_validation.mean()),
                n_val=len(on_validation),
                test_top1_pct=100.0 * float(on_test.mean()),
                n_test=len(on_test),
                test_correct=np.packbits(on_test).tobytes(),
                changed_weights_pct=0.0,
                seconds=seconds,
            )


@torch.no_grad()
def _correct(
    count: int, images: Images, logits: Callable[[torch.Tensor], Iterator[torch.Tensor]]
) -> npt.NDArray[np.bool_]:
    """Return which images each network classifies correctly, shape `(count, n)`."""
    classes = np.empty((count, len(images.labels)), np.int64)
    done = 0
    for batch in images.batches:
        for index, output in enumerate(logits(batch)):
            classes[index, done : done + len(batch)] = output.argmax(dim=1).numpy()
        done += len(batch)
    correct: npt.NDArray[np.bool_] = classes == images.labels
    return correct
