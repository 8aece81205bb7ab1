"""Design points as plain values, their canonical JSON, and the keys results are stored under.

A result is found again by the sha256 of everything it depends on: `accuracy_key` leaves out
folding and device, `cost_key` leaves out data and weights, and `digest` joins the two.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Self, get_args

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.recipe import NONE, Recipe
from dse.training import QAT_VERSION, QatSettings
from hw_models.folding import Folding

ACCURACY_VERSION = 1
"""Raised by hand whenever the same scheme on the same data gives another accuracy."""

MIXED = "mixed"
MIN_PREFIX = 8

Granularity = Literal["per_channel", "per_tensor"]
Scale = Literal["float32", "power_of_two"]
ActRange = Literal["mse", "percentile", "absmax"]
WeightRange = Literal["mse", "absmax"]
Dsp = Literal["none", "auto"]
HostMath = Literal["float", "quantized"]
"""What functions that a host computes, such as softmax and LayerNorm, read."""


def require_choice(value: str, choices: object, what: str) -> None:
    """Check that `value` is one of the strings of the literal type `choices`.

    Raises:
        DesignError: It is not; the message lists what is.
    """
    allowed = get_args(choices)
    if value not in allowed:
        raise DesignError(f"{what} '{value}' is unknown; choose one of {', '.join(allowed)}")


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, floats as hex.

    Formats and recipes are written by name.

    Raises:
        TypeError: `value` holds something that has no canonical form.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def sha256_of(value: object) -> str:
    """Return the sha256 of the canonical JSON of `value` as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    match value:
        case Format() | Recipe():
            return value.name
        case bool() | int() | str() | None:
            return value
        case float():
            return value.hex()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerScheme:
    """Number formats of one multiplying layer.

    Attributes:
        layer: Name of the layer in its network.
        weight: Format of the weights.
        act: Format of the activations the layer multiplies, i.e. of its *input*.
    """

    layer: str
    weight: Format
    act: Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a whole network is quantized.

    Attributes:
        layers: One entry per multiplying layer, in the order of execution.
        granularity: One weight scale per output channel or per tensor.
        scale: Scales are any float32 or powers of two.
        act_range: How activation scales are found on the calibration histogram.
        weight_range: How weight scales are found.
    """

    layers: tuple[LayerScheme, ...]
    granularity: Granularity = "per_channel"
    scale: Scale = "float32"
    act_range: ActRange = "mse"
    weight_range: WeightRange = "mse"

    def __post_init__(self) -> None:
        if not self.layers:
            raise DesignError("a scheme needs at least one layer")
        names = [layer.layer for layer in self.layers]
        if len(set(names)) != len(names):
            raise DesignError(f"a scheme names a layer twice: {', '.join(names)}")
        require_choice(self.granularity, Granularity, "granularity")
        require_choice(self.scale, Scale, "scale")
        require_choice(self.act_range, ActRange, "activation range")
        require_choice(self.weight_range, WeightRange, "weight range")

    @classmethod
    def uniform(
        cls,
        layer_names: Sequence[str],
        weight: Format,
        act: Format,
        input_format: Format,
        *,
        edge: Format | None = None,
        never_negative: frozenset[str] = frozenset(),
        granularity: Granularity = "per_channel",
        scale: Scale = "float32",
        act_range: ActRange = "mse",
        weight_range: WeightRange = "mse",
    ) -> Self:
        """Return the scheme that uses one weight and one activation format everywhere.

        Args:
            layer_names: Multiplying layers in the order of execution.
            weight: Format of the weights.
            act: Format of the inputs of all layers but the first.
            input_format: Format of the network's input, hence of the first layer's input.
            edge: Weight format of the first and the last layer; `None` leaves them `weight`.
            never_negative: Layers whose inputs are never negative and take `act.unsigned()`.
            granularity: See the class.
            scale: See the class.
            act_range: See the class.
            weight_range: See the class.
        """
        last = len(layer_names) - 1
        layers = tuple(
            LayerScheme(
                layer=name,
                weight=edge if edge is not None and index in (0, last) else weight,
                act=input_format
                if index == 0
                else act.unsigned()
                if name in never_negative
                else act,
            )
            for index, name in enumerate(layer_names)
        )
        return cls(
            layers=layers,
            granularity=granularity,
            scale=scale,
            act_range=act_range,
            weight_range=weight_range,
        )

    @property
    def inner_weights(self) -> frozenset[Format]:
        """Weight formats of the layers between the edges; of all layers if fewer than three."""
        return frozenset(layer.weight for layer in self.layers[1:-1] or self.layers)

    @property
    def weights(self) -> frozenset[Format]:
        """Weight formats of all layers."""
        return frozenset(layer.weight for layer in self.layers)

    @property
    def inner_acts(self) -> frozenset[Format]:
        """Formats of all activations but the network's input; of that if there is one layer."""
        return frozenset(layer.act for layer in self.layers[1:] or self.layers)

    @property
    def weight_format(self) -> str:
        """Name of the weight format of the layers between the edges, or ``"mixed"``."""
        return one_name(self.inner_weights)

    @property
    def act_format(self) -> str:
        """Name of the format of all activations but the network's input, or ``"mixed"``.

        A signed format used together with its own unsigned counterpart counts as that signed
        format.
        """
        acts = self.inner_acts
        signed = {act for act in acts if act.signed}
        counterparts = {act.unsigned() for act in signed}
        return one_name(signed if len(signed) == 1 and acts - signed <= counterparts else acts)

    @property
    def signed(self) -> bool:
        """Whether every activation but the network's input has a signed format."""
        return all(layer.act.signed for layer in self.layers[1:])

    def to_json(self) -> str:
        """Return the scheme as canonical JSON."""
        return canonical_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the scheme `to_json` wrote.

        Raises:
            DesignError: The text is not such JSON.
        """
        return cls._from_plain(_parsed(text, "scheme"))

    @classmethod
    def _from_plain(cls, plain: Mapping[str, Any]) -> Self:
        try:
            layers = tuple(
                LayerScheme(
                    layer=entry["layer"],
                    weight=parse_format(entry["weight"]),
                    act=parse_format(entry["act"]),
                )
                for entry in plain["layers"]
            )
            return cls(**{**plain, "layers": layers})
        except (KeyError, TypeError) as error:
            raise DesignError(f"this is not a scheme: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyContext:
    """What an accuracy depends on besides its design point.

    Attributes:
        weights: Digest of the trained network.
        data: Fingerprint of the data set's images, labels and four splits.
        calibration: Number of calibration images.
        seed: Seed of everything random in quantization.
    """

    weights: str
    data: str
    calibration: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """All of a design point that decides its accuracy: formats, and how they are reached.

    Attributes:
        scheme: Number formats of every layer.
        recipe: Post-training methods.
        training: Quantization-aware training that follows them; `None` where nothing is trained.
    """

    scheme: Scheme
    recipe: Recipe = NONE
    training: QatSettings | None = None

    @property
    def recipe_name(self) -> str:
        """Name of the recipe, with training as its last method: ``gptq+qat``."""
        return self.recipe.name if self.training is None else self.recipe.followed_by("qat")

    def accuracy_key(self, context: AccuracyContext) -> str:
        """Return the sha256 of all that decides the accuracy."""
        training = {"qat_version": QAT_VERSION, "training": self.training}
        return sha256_of(
            {
                "context": context,
                "recipe": self.recipe,
                "scheme": self.scheme,
                "version": ACCURACY_VERSION,
                **(training if self.training else {}),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostContext:
    """What a cost depends on besides its design point.

    Attributes:
        shapes: Digest of the accelerator's layer shapes.
        coefficients: Digest of the cost model's coefficients.
        version: `COST_VERSION` of the cost model.
    """

    shapes: str
    coefficients: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPoint:
    """One thing to evaluate: formats, how the network is brought to them, and its hardware.

    Attributes:
        scheme: Number formats of every layer.
        recipe: Post-training methods.
        foldings: One folding per layer of the scheme, in its order.
        device: Name of the FPGA family.
        dsp: Multipliers in LUTs only, or in DSP blocks where that is cheaper.
        training: Quantization-aware training, if any.
    """

    scheme: Scheme
    recipe: Recipe
    foldings: tuple[Folding, ...]
    device: str
    dsp: Dsp
    training: QatSettings | None = None

    def __post_init__(self) -> None:
        if len(self.foldings) != len(self.scheme.layers):
            raise DesignError(
                f"{len(self.foldings)} foldings for {len(self.scheme.layers)} layers: "
                "a design point needs one each"
            )
        require_choice(self.dsp, Dsp, "dsp")

    @property
    def quantization(self) -> Quantization:
        """What decides the point's accuracy."""
        return Quantization(scheme=self.scheme, recipe=self.recipe, training=self.training)

    def accuracy_key(self, context: AccuracyContext) -> str:
        """Return the sha256 of all that decides the point's accuracy."""
        return self.quantization.accuracy_key(context)

    def cost_key(self, context: CostContext) -> str:
        """Return the sha256 of all that decides the point's cost."""
        return sha256_of(
            {
                "context": context,
                "device": self.device,
                "dsp": self.dsp,
                "foldings": self.foldings,
                "scheme": self.scheme,
            }
        )

    def digest(self, accuracy: AccuracyContext, cost: CostContext) -> str:
        """Return the sha256 that names the evaluated point: of its accuracy key and cost key."""
        return joint_digest(self.accuracy_key(accuracy), self.cost_key(cost))

    def to_json(self) -> str:
        """Return the point as canonical JSON."""
        return canonical_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the point `to_json` wrote.

        Raises:
            DesignError: The text is not such JSON.
        """
        plain = _parsed(text, "design point")
        try:
            training = plain.get("training")  # points of earlier studies lack it
            return cls(
                scheme=Scheme._from_plain(plain["scheme"]),
                recipe=Recipe.parse(plain["recipe"]),
                foldings=tuple(Folding(**folding) for folding in plain["foldings"]),
                device=plain["device"],
                dsp=plain["dsp"],
                training=QatSettings.from_plain(training) if training is not None else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise DesignError(f"this is not a design point: {error}") from error


def joint_digest(accuracy_key: str, cost_key: str) -> str:
    """Return the sha256 of both keys: the name of an evaluation."""
    return sha256_of({"accuracy_key": accuracy_key, "cost_key": cost_key})


def find_by_prefix(prefix: str, digests: Iterable[str]) -> str:
    """Return the only digest that starts with `prefix`.

    Raises:
        DesignError: The prefix is shorter than 8 characters, or no or several digests match.
    """
    if len(prefix) < MIN_PREFIX:
        raise DesignError(f"'{prefix}' is too short: a point is named by 8 or more characters")
    found = sorted(digest for digest in digests if digest.startswith(prefix.lower()))
    if not found:
        raise DesignError(f"no point's digest starts with '{prefix}'")
    if len(found) > 1:
        raise DesignError(f"'{prefix}' names {len(found)} points: {', '.join(found[:3])}; say more")
    return found[0]


def one_name(formats: Iterable[Format]) -> str:
    """Return the name that formats share, or ``"mixed"``."""
    names = {item.name for item in formats}
    return names.pop() if len(names) == 1 else MIXED


def _parsed(text: str, what: str) -> Mapping[str, Any]:
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise DesignError(f"this is not a {what}: {error}") from error
    if not isinstance(plain, dict):
        raise DesignError(f"this is not a {what}: an object was expected")
    return plain
