"""The design points of a study: a grid of weight formats × activation formats × recipes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import DesignPoint, Scheme
from dse.recipe import NONE, Recipe
from dse.search.settings import StudySettings
from hw_models.folding import Folding, Shapes
from hw_models.graph import Accelerator


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What the points of a study have in common.

    Attributes:
        settings: What the user chose.
        template: The network's layer shapes; its first layer takes the data's input format.
        foldings: One per layer.
        never_negative: Layers whose inputs take unsigned formats.
    """

    settings: StudySettings
    template: Shapes
    foldings: tuple[Folding, ...]
    never_negative: frozenset[str] = frozenset()

    @property
    def cost_column(self) -> str:
        """The column that points are compared by, besides accuracy."""
        return self.settings.cost_column(has_totals=isinstance(self.template, Accelerator))

    def with_unsigned(self, never_negative: frozenset[str]) -> Self:
        """Return the space once it is known which layers' inputs are never negative."""
        return replace(self, never_negative=never_negative) if self.settings.unsigned_acts else self

    def foldings_of(self, scheme: Scheme) -> tuple[Folding, ...]:
        """Return the folding of each layer at the point of a scheme."""
        return self.foldings

    def with_scheme(self, scheme: Scheme, recipe: Recipe) -> DesignPoint:
        """Return the design point of a scheme reached by a recipe."""
        return DesignPoint(
            scheme=scheme,
            recipe=recipe,
            foldings=self.foldings_of(scheme),
            device=self.settings.device,
            dsp=self.settings.dsp,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid(Space):
    """Every weight format with every activation format, or with itself, by every recipe.

    All have one folding.
    """

    def __post_init__(self) -> None:
        layers = len(self.template.mvaus)
        if self.settings.edge_format is not None and layers < 3:
            raise DesignError(
                f"--edge-format covers all {layers} layer(s) of '{self.settings.model}', so there "
                "is no weight format to sweep; leave it out"
            )

    def points(self) -> Iterator[DesignPoint]:
        """Yield the points, weight formats outermost, recipes innermost, as the settings order."""
        settings = self.settings
        pairs: Iterable[tuple[Format, Format]] = product(settings.weights, settings.acts)
        if settings.same_acts:
            pairs = zip(settings.weights, settings.weights, strict=True)
        for (weight, act), recipe in product(pairs, settings.recipes):
            yield self._point(weight, act, recipe)

    def int8_point(self) -> DesignPoint:
        """Return the point with int8 weights and activations, in the sweep or not."""
        int8 = parse_format("int8")
        return self._point(int8, int8, NONE)

    def _point(self, weight: Format, act: Format, recipe: Recipe) -> DesignPoint:
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
        return self.with_scheme(scheme, recipe)
