"""The accuracy source of the command line: a network by name, torch only when it is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dse.data import load_dataset
from dse.formats import Format
from dse.search.evaluate import Progress, silent
from hw_models.graph import Accelerator

if TYPE_CHECKING:
    from dse.quant.evaluator import Evaluator
    from dse.quant.source import EvaluatorSource


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAccuracy:
    """Makes evaluators of one trained network on one data set.

    A study that is complete asks for the data's fingerprint only, which takes no torch; so torch
    is imported inside the other methods.

    Attributes:
        model: Name of a network, or ``package.module:factory``.
        checkpoint: File with its weights; `None`: trained here.
        data: Name of a data set.
        calibration: Number of calibration images.
        seed: Seed of the data's splits, of training and of quantization.
    """

    model: str
    checkpoint: Path | None
    data: str
    calibration: int
    seed: int

    def data_fingerprint(self) -> str:
        """See `dse.search.evaluate.SourceFactory`."""
        return load_dataset(self.data, self.seed).fingerprint

    def template(self) -> Accelerator:
        """See `dse.search.evaluate.SourceFactory`."""
        return self._source().template()

    def check_formats(self, formats: Iterable[Format]) -> None:
        """See `dse.search.evaluate.SourceFactory`."""
        from dse.quant.quantizers import activation_quantizer

        for number_format in formats:
            activation_quantizer(number_format, 1.0)

    def __call__(self, progress: Progress = silent) -> "Evaluator":
        """See `dse.search.evaluate.SourceFactory`."""
        return self._source()(progress)

    def _source(self) -> "EvaluatorSource":
        from dse.quant.source import EvaluatorSource

        return EvaluatorSource(
            network=self.model,
            checkpoint=self.checkpoint,
            data=self.data,
            calibration=self.calibration,
            seed=self.seed,
        )
