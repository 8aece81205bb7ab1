"""What defines a study: two runs with equal settings belong into the same folder."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import (
    ActRange,
    Dsp,
    Granularity,
    HostMath,
    Scale,
    WeightRange,
    require_choice,
)
from dse.recipe import Recipe
from dse.search.constraint import Constraint
from dse.search.decision import Decision
from dse.training import QatSettings

_FLAGS = {"checkpoint_sha256": "checkpoint", "recipes": "ptq"}
"""Options that are not called as their settings are."""

QAT_DEFAULTS = QatSettings()
DEFAULT_SWEEP = "int3-8,minifloat3-8"

FoldingChoice = Literal["fixed", "cheapest", "fastest"]
"""The same folding at every point, or each point's own: the one with the fewest LUTs at a frame
rate, or the fastest that fits the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """Everything a user chooses that changes a study's results.

    Attributes:
        model: Network, as `dse.models.load_network` takes it.
        data: Data set, as `dse.data.load_dataset` takes it.
        weights: Weight formats, each paired with each of `acts`.
        acts: Activation formats.
        device: FPGA family.
        fps: Images per second every point is folded for, at the device's nominal clock; 0 where
            each is folded as fast as it fits.
        dsp: Multipliers in LUTs only, or in DSP blocks where that is cheaper.
        seed: Decides validation and calibration images, training, and randomness in recipes.
        checkpoint_sha256: Digest of the file the weights came from; ``""``: trained here.
        edge_format: Weight format of the first and the last layer; `None`: the swept one.
        unsigned_acts: Tensors that are never negative take unsigned formats.
        granularity: One weight scale per output channel or per tensor.
        scale: Scales are any float32 or powers of two.
        act_range: How activation scales are found.
        weight_range: How weight scales are found.
        calibration: Number of images activation ranges are found on.
        recipes: Post-training recipes, each for every pair of formats.
        best_of: Of each pair of formats, the recipe that is best on validation stands for it.
        host: What functions that a host computes, such as softmax, read.
        same_acts: `acts` are `weights`, and each is paired with itself only.
        exact: Every point sees every image; otherwise it ends once it is sure to be dominated.
        qat: Pairs of formats that are trained after that, those that matter most to the front.
        qat_epochs: Most passes of a training over its images.
        qat_lr: Highest learning rate of a training.
        decisions: Of a per-layer search, the formats it chooses; empty in a sweep. `weights` and
            `acts` are then all the formats that occur.
        board: Board that points are for; ``""``: none in particular.
        folding: How layers are folded.
        constraints: What points on the front keep to.
    """

    model: str
    data: str
    weights: tuple[Format, ...]
    acts: tuple[Format, ...]
    device: str
    fps: float
    dsp: Dsp
    seed: int
    checkpoint_sha256: str
    edge_format: Format | None
    unsigned_acts: bool
    granularity: Granularity
    scale: Scale
    act_range: ActRange
    weight_range: WeightRange
    calibration: int
    recipes: tuple[Recipe, ...]
    best_of: bool
    host: HostMath = "float"
    same_acts: bool = False
    exact: bool = True
    qat: int = 0
    qat_epochs: int = QAT_DEFAULTS.epochs
    qat_lr: float = QAT_DEFAULTS.peak_lr
    decisions: tuple[Decision, ...] = ()
    board: str = ""
    folding: FoldingChoice = "fixed"
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if not (self.weights and self.acts and self.recipes):
            raise DesignError(
                "a study needs at least one weight format, activation format and recipe"
            )
        if self.best_of and len(self.recipes) < 2 and not self.qat:
            raise DesignError(
                "--best-of chooses among recipes; name several with --ptq, or train with --qat"
            )
        if self.qat < 0:
            raise DesignError(f"--qat is {self.qat}; give the number of points to train, 0 or more")
        if self.qat_epochs < 1:
            raise DesignError(f"--qat-epochs is {self.qat_epochs}; give at least 1")
        if not (math.isfinite(self.qat_lr) and self.qat_lr > 0):
            raise DesignError(f"--qat-lr is {self.qat_lr:g}; give a learning rate above 0")
        if self.folding == "fastest":
            self._check_fastest()
        elif not (math.isfinite(self.fps) and self.fps > 0):
            raise DesignError(f"--fps is {self.fps:g}; give a number of images per second above 0")
        if self.calibration < 1:
            raise DesignError(f"--calibration is {self.calibration}; give at least 1 image")
        if self.seed < 0:
            raise DesignError(f"--seed is {self.seed}; give 0 or more")
        require_choice(self.dsp, Dsp, "--dsp")
        require_choice(self.granularity, Granularity, "--granularity")
        require_choice(self.scale, Scale, "--scale")
        require_choice(self.act_range, ActRange, "--act-range")
        require_choice(self.weight_range, WeightRange, "--weight-range")
        require_choice(self.host, HostMath, "--host")
        require_choice(self.folding, FoldingChoice, "folding")
        for constraint in self.constraints:
            constraint.limit(self.board)

    def _check_fastest(self) -> None:
        if self.fps:
            raise DesignError(
                f'folding = "fastest" asks for no frame rate: leave out fps = {self.fps:g}; '
                f'constraints = ["fps >= {self.fps:g}"] bounds it'
            )
        if not self.board:
            raise DesignError('folding = "fastest" as fits which board? Give board = "…"')
        for constraint in self.constraints:
            if constraint.column == "fps" and constraint.is_upper:
                raise DesignError(
                    f"'{constraint.to_plain()}' is against folding = \"fastest\"; leave it out, or "
                    f'give fps = {constraint.bound:g} and folding = "cheapest"'
                )

    def cost_column(self, *, has_totals: bool) -> str:
        """Return the column that points are compared by, besides accuracy.

        Args:
            has_totals: Whether hardware computes all of the network, so that it has total costs.
        """
        if self.folding == "fastest":
            return "ii_cycles"
        return "lut" if has_totals else "lut_per_mac"

    @property
    def training(self) -> QatSettings:
        """How points are trained; scales that are powers of two stay as they are."""
        return replace(
            QAT_DEFAULTS,
            epochs=self.qat_epochs,
            peak_lr=self.qat_lr,
            scale_lr=0.0 if self.scale == "power_of_two" else QAT_DEFAULTS.scale_lr,
            seed=self.seed,
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as JSON values, formats by name."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {
            "weights": [item.name for item in self.weights],
            "acts": [item.name for item in self.acts],
            "edge_format": self.edge_format.name if self.edge_format else "",
            "recipes": [recipe.name for recipe in self.recipes],
            "decisions": [decision.to_plain() for decision in self.decisions],
            "constraints": [constraint.to_plain() for constraint in self.constraints],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the settings `to_plain` gave, in this version or an earlier one.

        Raises:
            KeyError, TypeError, FormatError: `plain` is something else.
        """
        before = {"recipes": [plain["recipe"]], "best_of": False} if "recipe" in plain else {}
        given = {name: value for name, value in plain.items() if name != "recipe"} | before
        return cls(
            **{
                **given,
                "weights": tuple(parse_format(name) for name in plain["weights"]),
                "acts": tuple(parse_format(name) for name in plain["acts"]),
                "edge_format": parse_format(plain["edge_format"]) if plain["edge_format"] else None,
                "recipes": tuple(Recipe.parse(name) for name in given["recipes"]),
                "decisions": tuple(map(Decision.from_plain, given.get("decisions", []))),
                "constraints": tuple(map(Constraint.parse, given.get("constraints", []))),
            }
        )

    def first_difference(self, other: "StudySettings") -> str:
        """Return the first setting in which `other` differs, with both values; ``""`` if none."""
        mine, theirs = self.to_plain(), other.to_plain()
        for name, value in mine.items():
            if value != theirs[name]:
                flag = _FLAGS.get(name, name.replace("_", "-"))
                return f"--{flag} is {_shown(value)} there, {_shown(theirs[name])} here"
        return ""


def _shown(value: object) -> str:
    match value:
        case "":
            return "none"
        case list():
            names = ",".join(value)
            return names if len(names) <= 40 else f"{names[:30]}… ({len(value)} of them)"
        case bool():
            return "on" if value else "off"
        case str() if len(value) == 64:  # a digest
            return f"{value[:12]}…"
        case _:
            return str(value)
