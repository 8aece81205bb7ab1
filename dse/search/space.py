"""The design points of a study: a grid of weight formats × activation formats."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import DesignPoint, Scheme
from dse.search.settings import StudySettings
from hw_models.folding import Folding
from hw_models.graph import Accelerator


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every weight format of a study with every activation format, all at one folding.

    Attributes:
        settings: What the user chose.
        template: The network's layer shapes; its first layer takes the data's input format.
        foldings: One per layer.
        never_negative: Layers whose inputs take unsigned formats.
    """

    settings: StudySettings
    template: Accelerator
    foldings: tuple[Folding, ...]
    never_negative: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        layers = len(self.template.mvaus)
        if self.settings.edge_format is not None and layers < 3:
            raise DesignError(
                f"--edge-format covers all {layers} layer(s) of '{self.settings.model}', so there "
                "is no weight format to sweep; leave it out"
            )

    def with_unsigned(self, never_negative: frozenset[str]) -> "Grid":
        """Return the grid once it is known which layers' inputs are never negative."""
        if not self.settings.unsigned_acts:
            return self
        return replace(self, never_negative=never_negative)

    def points(self) -> Iterator[DesignPoint]:
        """Yield the points, weight formats outermost, in the order of the settings."""
        for weight in self.settings.weights:
            for act in self.settings.acts:
                yield self._point(weight, act)

    def int8_point(self) -> DesignPoint:
        """Return the point with int8 weights and activations, in the sweep or not."""
        int8 = parse_format("int8")
        return self._point(int8, int8)

    def _point(self, weight: Format, act: Format) -> DesignPoint:
        settings = self.settings
        scheme = Scheme.uniform(
            [mvau.name for mvau in self.template.mvaus],
            weight,
            act,
            self.template.mvaus[0].act,
            edge=settings.edge_format,
            never_negative=self.never_negative,
            granularity=settings.granularity,
            scale=settings.scale,
            act_range=settings.act_range,
            weight_range=settings.weight_range,
        )
        return DesignPoint(
            scheme=scheme,
            recipe=settings.recipe,
            foldings=self.foldings,
            device=settings.device,
            dsp=settings.dsp,
        )
