"""Integers: ``int8`` (two's complement), ``int8n`` (narrow, symmetric), ``uint8``."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.errors import FormatError
from dse.formats.base import MAX_BITS, Family, Float, Format


@dataclass(frozen=True, slots=True, kw_only=True)
class IntFormat(Format):
    """An integer of 1–16 bits, with values in steps of 1.

    Signed integers are two's complement, so ``int1`` holds −1 and 0. A narrow one leaves the
    least code unused (it decodes to NaN) and so is symmetric about 0; that takes 2 bits.

    Args:
        bits: Width of a code [bits].
        signed: Two's complement rather than unsigned.
        is_narrow: Leave out −2^(bits−1).

    Raises:
        FormatError: There is no such integer.
    """

    family: ClassVar[str] = "int"

    bits: int
    signed: bool = True
    is_narrow: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= MAX_BITS:
            raise FormatError(f"{self.name}: integers have 1 to {MAX_BITS} bits")
        if self.is_narrow and not self.signed:
            raise FormatError(f"{self.name}: only signed integers have a narrow range")
        if self.is_narrow and self.bits < 2:
            raise FormatError(f"{self.name}: a narrow integer needs at least 2 bits")

    @classmethod
    def parse(cls, name: str) -> "IntFormat | None":
        """Read ``intN``, ``intNn`` or ``uintN``; None if `name` is spelt otherwise."""
        match = re.fullmatch(r"(u?)int(0|[1-9]\d{0,3})(n?)", name)
        if match is None:
            return None
        unsigned, bits, narrow = match.groups()
        return cls(bits=int(bits), signed=not unsigned, is_narrow=bool(narrow))

    @classmethod
    def sweep(cls, bits_low: int, bits_high: int) -> tuple[Format, ...]:
        """Return the signed full-range integers of `bits_low` … `bits_high` bits."""
        return tuple(cls(bits=bits) for bits in range(bits_low, bits_high + 1))

    @property
    def name(self) -> str:
        """Canonical name: ``int8``, ``int8n``, ``uint8``."""
        return f"{'' if self.signed else 'u'}int{self.bits}{'n' if self.is_narrow else ''}"

    @property
    def min(self) -> float:
        """Least value."""
        return float(-(2 ** (self.bits - 1)) + self.is_narrow) if self.signed else 0.0

    @property
    def max(self) -> float:
        """Greatest value; 0 for ``int1``."""
        return float(2 ** (self.bits - self.signed) - 1)

    @property
    def lsb(self) -> float:
        """The step, 1."""
        return 1.0

    @property
    def smallest_normal(self) -> float:
        """The step, 1."""
        return 1.0

    def code_values(self) -> NDArray[np.float64]:
        """Return the value of every code, `(2^bits,)`; NaN for the code a narrow range lacks."""
        values = np.arange(2**self.bits, dtype=np.float64)
        if self.signed:
            values[2 ** (self.bits - 1) :] -= 2**self.bits
        values[values < self.min] = np.nan
        return values

    def unsigned(self) -> "IntFormat":
        """Return ``uintN`` of the same width."""
        return IntFormat(bits=self.bits, signed=False)

    def with_sign(self) -> "IntFormat":
        """Return ``intN`` of the same width for ``uintN``."""
        return self if self.signed else IntFormat(bits=self.bits)

    def narrow(self) -> "IntFormat":
        """Return ``intNn``; unsigned and one-bit integers have no narrow form and stay."""
        return IntFormat(bits=self.bits, is_narrow=True) if self.signed and self.bits > 1 else self

    def _round(self, x: NDArray[Float]) -> NDArray[Float]:
        return np.rint(x)


FAMILY = Family(
    name=IntFormat.family,
    spelling=f"int1 … int{MAX_BITS}, narrow int2n … int{MAX_BITS}n, uint1 … uint{MAX_BITS}",
    examples=tuple(
        name
        for bits in range(1, MAX_BITS + 1)
        for name in (f"int{bits}", f"uint{bits}", f"int{bits}n")
        if name != "int1n"
    ),
    parse=IntFormat.parse,
    sweep=IntFormat.sweep,
)
