"""`Quant`, `FloatQuant` and `BipolarQuant` nodes as number formats with scales.

Both domains in use, ``qonnx.custom_op.general`` and ``onnx.brevitas``, mean the same operators.
A quantizer computes ``grid(x / scale) · scale`` in float32, half to even, saturating.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from dse.errors import FormatError, UnsupportedLayerError
from dse.formats import Format, IntFormat, MiniFloat, Variant
from dse.formats.base import MAX_BITS
from hw_models.frontend.network import Array, OnnxNode

FloatArray = NDArray[np.float32]

_HALF_TO_EVEN = ("ROUND", "HALF_EVEN")
_MAX_CONSTANT_BITS = 32
"""Quantizers of constants that are no weights, such as biases, may be this wide."""


class Rounding(Enum):
    """How a quantizer finds the grid's value."""

    NEAREST = "nearest"
    SIGN = "sign"  #: +1 where x is not negative, else -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantizer:
    """What a quantizer node does.

    Attributes:
        node: The node.
        scale: Value of the grid's 1, positive; any shape that broadcasts.
        format: Format of the grid; `None` for integers that no format holds.
        rounding: How the grid's value is found.
        least: Least value of the grid.
        greatest: Greatest value of the grid.
    """

    node: OnnxNode
    scale: FloatArray
    format: Format | None
    rounding: Rounding = Rounding.NEAREST
    least: float = field(default=0.0)
    greatest: float = field(default=0.0)

    def grid(self, x: FloatArray) -> FloatArray:
        """Return what constants become, in units of the scale, shape as broadcast."""
        with np.errstate(over="ignore"):  # infinities saturate
            scaled = x / self.scale
        if self.rounding is Rounding.SIGN:
            return np.where(scaled >= 0, np.float32(1), np.float32(-1))
        if isinstance(self.format, MiniFloat):
            return self.format.quantize(scaled)
        low, high = np.float32(self.least), np.float32(self.greatest)
        return np.asarray(np.rint(np.clip(scaled, low, high)) + np.float32(0))

    def per_tensor_scale(self) -> float:
        """Return the one scale.

        Raises:
            UnsupportedLayerError: There are several.
        """
        if self.scale.size != 1:
            raise self.node.unsupported(
                f"has {self.scale.size} scales; activations need one scale per tensor"
            )
        return float(self.scale.reshape(()))

    def act_format(self) -> Format:
        """Return the format of activations.

        Raises:
            UnsupportedLayerError: No format holds these integers.
        """
        if self.format is None:
            raise self.node.unsupported(
                f"integers from {self.least:.0f} to {self.greatest:.0f} have no format; use at "
                f"most {MAX_BITS} bits, and the full range where they are unsigned"
            )
        return self.format


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The values of a quantized constant before scaling.

    Attributes:
        quantizer: What made them.
        values: Values on the quantizer's grid.
        scale: Scale of each value, of the same shape.
    """

    quantizer: Quantizer
    values: FloatArray
    scale: FloatArray

    def weight_format(self) -> Format:
        """Return the narrowest format that holds these weights and is of the quantizer's family.

        Hardware multiplies integer weights of the narrow range. Full-range weights that use their
        least integer therefore take one bit more; bipolar ones are ±1 in two bits.

        Raises:
            UnsupportedLayerError: There is none.
        """
        found = self.quantizer.format
        if isinstance(found, IntFormat) and found.signed:
            uses_least = bool((self.values < -found.max).any())
            if found.bits + uses_least <= MAX_BITS:
                return IntFormat(bits=found.bits + uses_least)
            raise self.quantizer.node.unsupported(
                f"weights use all of {found.name}; use its narrow range (narrow=1)"
            )
        return self.quantizer.act_format()


def quantizer_of(node: OnnxNode, operands: Sequence[Array | None]) -> Quantizer:
    """Return what a quantizer node does.

    Args:
        node: The node.
        operands: Its constant operands behind the tensor it quantizes.

    Raises:
        UnsupportedLayerError: Hardware has no such quantizer; the message says which one it has.
    """
    makers = {"BipolarQuant": _bipolar, "FloatQuant": _minifloat}
    return makers.get(node.op, _integer)(node, operands)


def _bipolar(node: OnnxNode, operands: Sequence[Array | None]) -> Quantizer:
    narrow = IntFormat(bits=2, is_narrow=True)
    return Quantizer(node=node, scale=_scale(node, operands), format=narrow, rounding=Rounding.SIGN)


def _integer(node: OnnxNode, operands: Sequence[Array | None]) -> Quantizer:
    scale = _scale(node, operands)
    _require_half_to_even(node)
    zero_point = _operand(node, operands, 1, "zero point")
    if (zero_point != 0).any():
        raise node.unsupported("has a zero point other than 0; use a symmetric quantizer")
    bits = _whole_number(node, operands, 2, "bit width")
    signed, is_narrow = bool(node.integer("signed", 1)), bool(node.integer("narrow", 0))
    if not 1 <= bits <= _MAX_CONSTANT_BITS:
        raise node.unsupported(f"has bit width {bits}; integers of 1 to {MAX_BITS} bits exist")
    if bits == 1 and signed:
        return _bipolar(node, operands)  # QONNX executes it so
    greatest = 2.0 ** (bits - signed) - 1 - (is_narrow and not signed)
    least = -(2.0 ** (bits - 1)) + is_narrow if signed else 0.0
    has_format = bits <= MAX_BITS and (signed or not is_narrow)
    return Quantizer(
        node=node,
        scale=scale,
        format=IntFormat(bits=bits, signed=signed, is_narrow=is_narrow) if has_format else None,
        least=least,
        greatest=greatest,
    )


def _minifloat(node: OnnxNode, operands: Sequence[Array | None]) -> Quantizer:
    scale = _scale(node, operands)
    _require_half_to_even(node)
    if not node.integer("saturation", 1):
        raise node.unsupported("overflows to Inf or NaN; set saturation=1")
    if not node.integer("has_subnormal", 0):
        raise node.unsupported(
            "says it has no subnormals, which QONNX computes all the same; set has_subnormal=1"
        )
    exponent_bits = _whole_number(node, operands, 1, "exponent width")
    mantissa_bits = _whole_number(node, operands, 2, "mantissa width")
    bias = _whole_number(node, operands, 3, "exponent bias")
    greatest = float(_single(node, operands, 4, "greatest value"))
    try:
        finite = MiniFloat(exponent_bits=exponent_bits, mantissa_bits=mantissa_bits, bias=bias)
    except FormatError as error:
        raise node.unsupported(str(error)) from error
    found = finite if greatest >= finite.max else _variant(finite, greatest)
    if found is None:
        raise node.unsupported(
            f"saturates at {greatest:g}, but {finite.name} ends at {finite.max:g}, and no variant "
            "of it ends there"
        )
    return Quantizer(node=node, scale=scale, format=found)


def _variant(finite: MiniFloat, greatest: float) -> MiniFloat | None:
    """Return the variant with special codes that has the same grid up to `greatest`."""
    for variant in (Variant.FN, Variant.IEEE):
        try:
            candidate = MiniFloat(
                exponent_bits=finite.exponent_bits,
                mantissa_bits=finite.mantissa_bits,
                bias=finite.bias,
                variant=variant,
            )
        except FormatError:
            continue  # the variant is not defined for these widths
        if candidate.max == greatest:
            return candidate
    return None


def _require_half_to_even(node: OnnxNode) -> None:
    mode = node.text("rounding_mode", "ROUND")
    if mode.upper() not in _HALF_TO_EVEN:
        raise node.unsupported(f"rounds by mode '{mode[:20]}'; use ROUND, half to even")


def _scale(node: OnnxNode, operands: Sequence[Array | None]) -> FloatArray:
    scale = _operand(node, operands, 0, "scale")
    if not (np.isfinite(scale) & (scale >= np.finfo(np.float32).tiny)).all():
        raise node.unsupported("has a scale that is not a positive, normal float32 number")
    return scale


def _operand(node: OnnxNode, operands: Sequence[Array | None], at: int, what: str) -> FloatArray:
    values = operands[at] if at < len(operands) else None
    if values is None or values.size == 0:
        raise node.unsupported(f"its {what} is no constant of the file")
    return np.asarray(values, dtype=np.float32)


def _single(node: OnnxNode, operands: Sequence[Array | None], at: int, what: str) -> np.float32:
    values = _operand(node, operands, at, what)
    if values.size != 1:
        raise UnsupportedLayerError(f"{node}: has {values.size} values as its {what}, not one")
    return np.float32(values.reshape(()))


def _whole_number(node: OnnxNode, operands: Sequence[Array | None], at: int, what: str) -> int:
    value = float(_single(node, operands, at, what))
    if not value.is_integer() or abs(value) > 1 << 16:
        raise node.unsupported(f"its {what} is {value:g}, not a small whole number")
    return int(value)
