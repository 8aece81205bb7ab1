"""Minifloats: ``e4m3`` and every other split of up to 16 bits, with or without special codes."""

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.errors import FormatError
from dse.formats.base import MAX_BITS, Family, Float, Format

SWEEP_EXPONENT_BITS = range(2, 6)
"""E of a sweep: E = 1 is the narrow integer grid, and no hardware is built beyond E = 5."""

_FLOAT32_EXPONENTS = (-126, 127)


class Variant(StrEnum):
    """Which codes of a minifloat are special; the value is the suffix of its name."""

    FINITE = ""
    """None: every code is a finite value."""
    FN = "fn"
    """OCP E4M3: all exponent and mantissa bits one is NaN; no Inf."""
    IEEE = "ieee"
    """As IEEE 754: the highest exponent holds ±Inf (mantissa 0) and NaN."""
    FNUZ = "fnuz"
    """The code of minus zero is NaN, no Inf; the bias is one higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniFloat(Format):
    """Sign, E exponent bits and M mantissa bits, with subnormals.

    A code with exponent field e and mantissa field m stands for ± 2^(e − bias) · (1 + m/2^M), or
    ± 2^(1 − bias) · m/2^M where e = 0 (arXiv 2311.12359; OCP MX specification 1.0, section 5.3,
    for ``fn`` and ``ieee``). Every value is a normal float32 number, which bounds E and the bias.

    A tie goes to the even multiple of the step in x's binade, as in Brevitas and QONNX. With a
    mantissa that is the even code; with M = 0 it is the greater magnitude, except between 0 and
    the least.

    Args:
        exponent_bits: E ≥ 1.
        mantissa_bits: M ≥ 0.
        bias: Exponent bias; `standard` fills in the usual one.
        signed: With a sign bit, the highest.
        variant: Which codes are special. All but `FINITE` are signed; `FN` is OCP's E4M3 only.

    Raises:
        FormatError: There is no such minifloat.
    """

    family: ClassVar[str] = "minifloat"

    exponent_bits: int
    mantissa_bits: int
    bias: int
    signed: bool = True
    variant: Variant = Variant.FINITE

    def __post_init__(self) -> None:
        E, M = self.exponent_bits, self.mantissa_bits
        if E < 1:
            raise FormatError(f"{self.name}: a minifloat has at least 1 exponent bit; see intN")
        if M < 0:
            raise FormatError(f"{self.name}: mantissa bits cannot be negative")
        if self.bits > MAX_BITS:
            raise FormatError(f"{self.name}: has {self.bits} bits, {MAX_BITS} is the most")
        if self.variant is not Variant.FINITE and not self.signed:
            raise FormatError(f"{self.name}: '{self.variant}' codes are defined with a sign only")
        if self.variant is Variant.FN and (E, M) != (4, 3):
            raise FormatError(f"{self.name}: 'fn' is defined for e4m3 only; e{E}m{M} is finite")
        if self.variant is Variant.IEEE and (E < 2 or M < 1):
            raise FormatError(f"{self.name}: 'ieee' codes need E ≥ 2 and M ≥ 1")
        lowest, highest = self.min_exponent - M, self.max_exponent
        if lowest < _FLOAT32_EXPONENTS[0] or highest > _FLOAT32_EXPONENTS[1]:
            raise FormatError(
                f"{self.name}: values from 2^{lowest} to 2^{highest} leave float32's normal range "
                f"(2^{_FLOAT32_EXPONENTS[0]} … 2^{_FLOAT32_EXPONENTS[1]}); "
                "change the bias or take fewer exponent bits"
            )

    @classmethod
    def standard(
        cls,
        exponent_bits: int,
        mantissa_bits: int,
        *,
        signed: bool = True,
        variant: Variant = Variant.FINITE,
    ) -> "MiniFloat":
        """Build the minifloat with its usual bias, 2^(E−1) − 1 (`FNUZ`: 2^(E−1))."""
        return cls(
            exponent_bits=exponent_bits,
            mantissa_bits=mantissa_bits,
            bias=_standard_bias(exponent_bits, variant),
            signed=signed,
            variant=variant,
        )

    @classmethod
    def parse(cls, name: str) -> "MiniFloat | None":
        """Read ``[u]eEmM[bB][fn|ieee|fnuz]``; None if `name` is spelt otherwise."""
        number = r"(0|[1-9]\d{0,3})"
        pattern = rf"(u?)e{number}m{number}(?:b(-?{number}))?(fn|ieee|fnuz|)"
        match = re.fullmatch(pattern, name)
        if match is None:
            return None
        unsigned, exponent_bits, mantissa_bits, bias, _, suffix = match.groups()
        variant = Variant(suffix)
        return cls(
            exponent_bits=int(exponent_bits),
            mantissa_bits=int(mantissa_bits),
            bias=int(bias) if bias else _standard_bias(int(exponent_bits), variant),
            signed=not unsigned,
            variant=variant,
        )

    @classmethod
    def sweep(cls, bits_low: int, bits_high: int) -> tuple[Format, ...]:
        """Return the signed finite minifloats with 2 ≤ E ≤ 5, by width and then by E."""
        return tuple(
            cls.standard(E, bits - 1 - E)
            for bits in range(bits_low, bits_high + 1)
            for E in SWEEP_EXPONENT_BITS
            if bits - 1 - E >= 0
        )

    @property
    def name(self) -> str:
        """Canonical name: ``e4m3``, ``ue4m4``, ``e4m3b11``, ``e4m3fn``, …."""
        usual = self.bias == _standard_bias(self.exponent_bits, self.variant)
        return (
            f"{'' if self.signed else 'u'}e{self.exponent_bits}m{self.mantissa_bits}"
            f"{'' if usual else f'b{self.bias}'}{self.variant}"
        )

    @property
    def bits(self) -> int:
        """Width of a code [bits]."""
        return self.signed + self.exponent_bits + self.mantissa_bits

    @property
    def is_finite_only(self) -> bool:
        """Whether no code is special."""
        return self.variant is Variant.FINITE

    @property
    def min_exponent(self) -> int:
        """Exponent of the smallest normal value, shared by the subnormals: 1 − bias."""
        return 1 - self.bias

    @property
    def max_exponent(self) -> int:
        """Exponent of the greatest value."""
        return max(self._max_code >> self.mantissa_bits, 1) - self.bias

    @property
    def min(self) -> float:
        """Least value."""
        return -self.max if self.signed else 0.0

    @property
    def max(self) -> float:
        """Greatest finite value."""
        fraction = self._max_code & (2**self.mantissa_bits - 1)
        return math.ldexp(2**self.mantissa_bits + fraction, self.max_exponent - self.mantissa_bits)

    @property
    def lsb(self) -> float:
        """The step of the subnormals, 2^(1 − bias − M)."""
        return math.ldexp(1.0, self.min_exponent - self.mantissa_bits)

    @property
    def smallest_normal(self) -> float:
        """Least normal value, 2^(1 − bias)."""
        return math.ldexp(1.0, self.min_exponent)

    def code_values(self) -> NDArray[np.float64]:
        """Return the value of every code, `(2^bits,)`; special codes give NaN or ±Inf."""
        E, M = self.exponent_bits, self.mantissa_bits
        code = np.arange(2 ** (E + M))
        exponent, fraction = code >> M, code & (2**M - 1)
        significand = np.where(exponent > 0, 2**M + fraction, fraction)
        step = np.maximum(exponent, 1) - self.bias - M
        values: NDArray[np.float64] = np.ldexp(significand.astype(np.float64), step)
        values[code > self._max_code] = np.nan
        if self.variant is Variant.IEEE:
            values[self._max_code + 1] = np.inf
        if not self.signed:
            return values
        negative = -values
        if self.variant is Variant.FNUZ:
            negative[0] = np.nan
        return np.concatenate([values, negative])

    def unsigned(self) -> "MiniFloat":
        """Return ``ueEm(M+1)``: the sign bit becomes a mantissa bit.

        Raises:
            FormatError: The format has special codes.
        """
        if not self.is_finite_only:
            raise FormatError(f"{self.name}: has no unsigned counterpart; take a finite minifloat")
        return MiniFloat(
            exponent_bits=self.exponent_bits,
            mantissa_bits=self.mantissa_bits + self.signed,
            bias=self.bias,
            signed=False,
        )

    def with_sign(self) -> "MiniFloat":
        """Return ``eEm(M−1)`` for ``ueEmM``: a mantissa bit becomes the sign bit.

        Raises:
            FormatError: The format is unsigned and has no mantissa bit.
        """
        if self.signed:
            return self
        if not self.mantissa_bits:
            raise FormatError(f"{self.name}: has no signed counterpart of equal width")
        return replace(self, mantissa_bits=self.mantissa_bits - 1, signed=True)

    def narrow(self) -> "MiniFloat":
        """Return the format itself: it is symmetric already."""
        return self

    @property
    def _max_code(self) -> int:
        """Code of the greatest finite value."""
        top: int = 2 ** (self.exponent_bits + self.mantissa_bits) - 1
        if self.variant is Variant.IEEE:
            return top - (1 << self.mantissa_bits)
        return top - (self.variant is Variant.FN)

    def _round(self, x: NDArray[Float]) -> NDArray[Float]:
        # Scaling by a power of two is exact, so the only rounding is rint's.
        exponent = np.frexp(x)[1] - 1
        step = np.maximum(exponent, self.min_exponent) - self.mantissa_bits
        rounded: NDArray[Float] = np.ldexp(np.rint(np.ldexp(x, -step)), step)
        return rounded


def _standard_bias(exponent_bits: int, variant: Variant) -> int:
    half = 2 ** (exponent_bits - 1) if exponent_bits > 0 else 0
    return half if variant is Variant.FNUZ else half - 1


FAMILY = Family(
    name=MiniFloat.family,
    spelling=(
        "eEmM such as e4m3, ueEmM without a sign, eEmMbB with bias B, "
        "e4m3fn, eEmMieee and eEmMfnuz with special codes"
    ),
    examples=(
        *(minifloat.name for minifloat in MiniFloat.sweep(3, 8)),
        "e4m3fn",
        "e5m2ieee",
        "e4m3ieee",
        "e4m3fnuz",
        "e5m2fnuz",
        "ue4m4",
        "ue2m2",
    ),
    parse=MiniFloat.parse,
    sweep=MiniFloat.sweep,
)
