"""The accuracy source of the command line: a network by name, torch only when it is needed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from platformdirs import user_cache_path

from dse.data import load_dataset
from dse.errors import DataError, DesignError
from dse.files import replace_atomically
from dse.formats import Format
from dse.point import HostMath
from dse.progress import Progress, silent
from dse.recipe import Recipe
from dse.search.settings import StudySettings
from hw_models.folding import Shapes

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
        fingerprint: Of the data set, as `load` found it.
        streams: Whether images are read from files when they are asked for: there may be many.
        calibration: Number of calibration images.
        seed: Seed of the data's splits, of training and of quantization.
        host: What functions that a host computes read.
        weights: Content of a checkpoint, for machines that have none; ``b""``: this one has.
    """

    model: str
    checkpoint: Path | None
    data: str
    fingerprint: str
    streams: bool
    calibration: int
    seed: int
    host: HostMath = "float"
    weights: bytes = field(default=b"", repr=False)

    @classmethod
    def load(
        cls,
        *,
        model: str,
        checkpoint: Path | None,
        data: str,
        calibration: int | None,
        seed: int,
        host: HostMath = "float",
    ) -> Self:
        """Read the data set and check that it has enough calibration images.

        Args:
            model: See the class.
            checkpoint: See the class.
            data: See the class.
            calibration: Images to calibrate on; `None`: all that the data set puts aside.
            seed: See the class.
            host: See the class.

        Raises:
            UserError: The data set is unknown, missing, damaged or too small.
        """
        dataset = load_dataset(data, seed)
        available = len(dataset.calibration)
        if calibration is not None and not 1 <= calibration <= available:
            raise DesignError(
                f"--calibration is {calibration}; data set '{data}' puts 1 to {available} images "
                "aside for it"
            )
        used = available if calibration is None else calibration
        if dataset.n_classes > 1 and len(set(dataset.calibration.y[:used].tolist())) < 2:
            raise DataError(
                f"the {used} calibration image(s) of '{data}' are all of one class, whose ranges "
                "do not fit the others; take more with --calibration"
            )
        return cls(
            model=model,
            checkpoint=checkpoint,
            data=data,
            fingerprint=dataset.fingerprint,
            streams=dataset.is_streamed,
            calibration=used,
            seed=seed,
            host=host,
        )

    @classmethod
    def of_study(cls, settings: StudySettings, checkpoint: Path | None) -> Self:
        """Return the source behind a study.

        Args:
            settings: The study's.
            checkpoint: File with the weights, if the study had one.

        Raises:
            UserError: As `load`.
        """
        return cls.load(
            model=settings.model,
            checkpoint=checkpoint,
            data=settings.data,
            calibration=settings.calibration,
            seed=settings.seed,
            host=settings.host,
        )

    def data_fingerprint(self) -> str:
        """See `dse.search.evaluate.SourceFactory`."""
        return self.fingerprint

    def template(self) -> Shapes:
        """See `dse.search.evaluate.SourceFactory`."""
        return self._source().template()

    def check_formats(self, formats: Iterable[Format]) -> None:
        """See `dse.search.evaluate.SourceFactory`."""
        from dse.quant.quantizers import activation_quantizer

        for number_format in formats:
            activation_quantizer(number_format, 1.0)

    def check_recipes(self, recipes: Iterable[Recipe]) -> None:
        """See `dse.search.evaluate.SourceFactory`."""
        with_methods = [recipe for recipe in recipes if recipe.methods]
        if not with_methods:
            return
        from dse.quant.ptq import check_recipe

        for recipe in with_methods:
            check_recipe(recipe)

    def __call__(self, progress: Progress = silent) -> "Evaluator":
        """See `dse.search.evaluate.SourceFactory`."""
        return self._source()(progress)

    def portable(self) -> "NetworkAccuracy":
        """See `dse.search.evaluate.SourceFactory`."""
        return replace(self, checkpoint=None, weights=self._source().weights())

    def _checkpoint(self) -> Path | None:
        if not self.weights:
            return self.checkpoint
        name = f"{hashlib.sha256(self.weights).hexdigest()}.pt"
        path = user_cache_path("bitfront") / "weights" / name
        if not path.exists():
            replace_atomically(path, self.weights)
        return path

    def _source(self) -> "EvaluatorSource":
        from dse.quant.source import EvaluatorSource

        return EvaluatorSource(
            network=self.model,
            checkpoint=self._checkpoint(),
            data=self.data,
            calibration=self.calibration,
            seed=self.seed,
            host=self.host,
        )
