"""What a study says about itself before its first evaluation."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from dse.errors import DataError
from dse.point import AccuracyContext, CostContext
from dse.search.settings import StudySettings
from hw_models.graph import Accelerator


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatAccuracy:
    """Accuracy of the network before quantization, on the images the study uses.

    Attributes:
        val_top1_pct: On validation [%].
        n_val: Validation images.
        test_top1_pct: On test [%].
        n_test: Test images.
        test_correct: `AccuracyResult.test_correct` in hex; ``""`` in studies made before it was.
    """

    val_top1_pct: float
    n_val: int
    test_top1_pct: float
    n_test: int
    test_correct: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePoint:
    """Worst corner of the hypervolume; points outside it add nothing.

    Attributes:
        error_pct: Validation error of the float network plus 10 points [%].
        log2_cost: Base-2 logarithm of what the int8 × int8 network costs, in `Header.cost_column`,
            at the study's folding or at its own.
    """

    error_pct: float
    log2_cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCoverage:
    """What hardware computes of a network that leaves functions such as softmax to a host.

    Attributes:
        macs: Multiply-accumulates per frame in hardware.
        host: Name, function and multiply-accumulates of each of the host's nodes.
    """

    macs: int
    host: tuple[tuple[str, str, int], ...]

    @property
    def coverage_pct(self) -> float:
        """Share of all multiply-accumulates that hardware does [%]."""
        return 100.0 * self.macs / (self.macs + sum(macs for *_, macs in self.host))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The frozen beginning of a study.

    Only another version of the cost model or of quantization changes it, by planning the study
    anew; accuracies and costs whose keys stay the same are kept. Other settings, weights or data
    need another folder.

    Attributes:
        settings: What the user chose.
        accuracy: Weights, data and seeds behind every accuracy.
        accuracy_version: `ACCURACY_VERSION` behind every accuracy.
        cost: Layer shapes and cost model behind every cost.
        clock_mhz: Nominal clock of the device.
        foldings: (PE, SIMD) of each layer, the same for every point; where each point has its own,
            those of the int8 × int8 point.
        float_accuracy: Accuracy before quantization.
        reference: Reference point of the hypervolume.
        versions: Version of each package that matters, when the study was made.
        partial: What hardware covers of the network; `None`: all of it.
        shapes: Layer shapes behind every cost, by which a cost is told layer by layer without the
            network; `None` where a host computes a part, and in studies made before they were kept.
    """

    settings: StudySettings
    accuracy: AccuracyContext
    accuracy_version: int
    cost: CostContext
    clock_mhz: float
    foldings: tuple[tuple[int, int], ...]
    float_accuracy: FloatAccuracy
    reference: ReferencePoint
    versions: Mapping[str, str]
    partial: PartialCoverage | None = None
    shapes: Accelerator | None = None

    @property
    def cost_column(self) -> str:
        """The column that points are compared by, besides accuracy."""
        return self.settings.cost_column(has_totals=self.partial is None)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Columns of the front, cost first; accuracy is the test's, chosen by validation's."""
        saves_luts = self.settings.dsp == "auto" and self.cost_column == "lut"
        return (self.cost_column, "test_top1_pct", *(("dsp",) if saves_luts else ()))

    def to_json(self) -> str:
        """Return the header as JSON; floats are decimals that read back exactly."""
        plain: dict[str, Any] = asdict(replace(self, shapes=None)) | {
            "settings": self.settings.to_plain(),
            "shapes": self.shapes.to_json() if self.shapes else None,
        }
        return json.dumps(plain, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the header `to_json` wrote.

        Raises:
            DataError: The text is something else.
        """
        try:
            plain = json.loads(text)
            return cls(
                **plain
                | {
                    "settings": StudySettings.from_plain(plain["settings"]),
                    "accuracy": AccuracyContext(**plain["accuracy"]),
                    "cost": CostContext(**plain["cost"]),
                    "foldings": tuple((pe, simd) for pe, simd in plain["foldings"]),
                    "float_accuracy": FloatAccuracy(**plain["float_accuracy"]),
                    "reference": _reference(plain["reference"]),
                    "partial": _partial(plain.get("partial")),
                    "shapes": _shapes(plain.get("shapes")),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"the study's header cannot be read ({error}): it is damaged, or a newer bitfront "
                "made it; upgrade bitfront"
            ) from error


def _reference(plain: Mapping[str, float]) -> ReferencePoint:
    log2_cost = plain["log2_lut"] if "log2_lut" in plain else plain["log2_cost"]  # earlier name
    return ReferencePoint(error_pct=plain["error_pct"], log2_cost=log2_cost)


def _partial(plain: Mapping[str, Any] | None) -> PartialCoverage | None:
    if plain is None:  # also in studies made before hosts had a part
        return None
    host = tuple((name, function, macs) for name, function, macs in plain["host"])
    return PartialCoverage(macs=plain["macs"], host=host)


def _shapes(plain: Mapping[str, Any] | None) -> Accelerator | None:
    return None if plain is None else Accelerator.from_json(dict(plain))
