"""Networks of which hardware computes a part: matrix units, and functions left to a host.

Softmax, LayerNorm and GELU have no RTL. What a network with such functions takes of an FPGA is
known for its matrix units only: it has a cost per multiply-accumulate and a coverage, but no total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dse.errors import DesignError
from dse.formats import Format
from hw_models.nodes import Mvau, SlidingWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNode:
    """A function that a host computes.

    Attributes:
        name: Name of its node in the network.
        function: What it computes, e.g. ``LayerNorm``.
        macs: Multiplications per frame, each with its addition; additions alone count as one, and
            so do an exponential, an error function and a division.
    """

    name: str
    function: str
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOperand:
    """Where an operand of a product of activations has its format from.

    Attributes:
        layer: Index of the layer whose input format it takes.
        signed: It may be negative.
    """

    layer: int
    signed: bool

    def of(self, acts: Sequence[Format]) -> Format:
        """Return the operand's format, given those of all layers' inputs.

        Raises:
            FormatError: There is no such format with a sign.
        """
        act = acts[self.layer]
        return act.with_sign() if self.signed else act


@dataclass(frozen=True, slots=True, kw_only=True)
class ActProduct:
    """A product of two activations as matrices: an Mvau without weight memory.

    Attributes:
        unit: Its shape; what would be weights are the codes of the second operand, those of the
            first are its input.
        first: The operand multiplied row by row.
        second: The operand that takes the weights' place.
    """

    unit: Mvau
    first: ActOperand
    second: ActOperand

    def in_formats(self, acts: Sequence[Format]) -> Mvau:
        """Return the unit for formats of all layers' inputs."""
        return replace(self.unit, weight=self.second.of(acts), act=self.first.of(acts))


@dataclass(frozen=True, kw_only=True)
class PartialAccelerator:
    """What hardware computes of a network, and what it leaves to a host.

    Attributes:
        mvaus: The layers' matrix units, in order.
        windows: Sliding windows in front of some of them, by the layer's name.
        products: Products of activations.
        host: Functions left to a host, in order.
    """

    mvaus: tuple[Mvau, ...]
    windows: tuple[tuple[str, SlidingWindow], ...]
    products: tuple[ActProduct, ...]
    host: tuple[HostNode, ...]

    def __post_init__(self) -> None:
        if not self.mvaus:
            raise DesignError("an accelerator needs at least one Mvau")

    @cached_property
    def _windows(self) -> dict[str, SlidingWindow]:
        return dict(self.windows)

    def window_of(self, mvau: Mvau) -> SlidingWindow | None:
        """Return the window that feeds `mvau`, or `None` where the stream feeds it directly."""
        return self._windows.get(mvau.name)

    def pooled_windows_of(self, mvau: Mvau) -> tuple[SlidingWindow, ...]:
        """Return none: pools have no hardware here."""
        return ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame in hardware."""
        products = sum(product.unit.macs for product in self.products)
        return products + sum(mvau.macs for mvau in self.mvaus)

    @property
    def coverage_pct(self) -> float:
        """Share of all multiply-accumulates that hardware does [%]."""
        return 100.0 * self.macs / (self.macs + sum(node.macs for node in self.host))

    @property
    def weight_bits(self) -> int:
        """Size of all weights [bit]."""
        return sum(mvau.weight_bits for mvau in self.mvaus)

    def with_formats(
        self, weights: Sequence[Format], acts: Sequence[Format]
    ) -> "PartialAccelerator":
        """Return the same shapes with other formats.

        Args:
            weights: Weight format of each layer.
            acts: Format of each layer's input codes.

        Raises:
            DesignError: Not one format per layer.
        """
        if not len(weights) == len(acts) == len(self.mvaus):
            raise DesignError(
                f"{len(self.mvaus)} layers need as many formats, "
                f"not {len(weights)} for weights and {len(acts)} for activations"
            )
        by_layer = zip(self.mvaus, weights, acts, strict=True)
        formats = dict(zip((mvau.name for mvau in self.mvaus), acts, strict=True))
        return replace(
            self,
            mvaus=tuple(replace(m, weight=weight, act=act) for m, weight, act in by_layer),
            windows=tuple((name, replace(w, act=formats[name])) for name, w in self.windows),
            products=tuple(replace(p, unit=p.in_formats(acts)) for p in self.products),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that tells this one from others."""
        return {
            "mvaus": [mvau.to_json() for mvau in self.mvaus],
            "windows": [window.to_json() for _, window in self.windows],
            "products": [
                {
                    **product.unit.to_json(),
                    "layers": [product.first.layer, product.second.layer],
                    "signed": [product.first.signed, product.second.signed],
                }
                for product in self.products
            ],
            "host": [[node.name, node.function, node.macs] for node in self.host],
        }
