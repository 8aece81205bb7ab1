"""What every number format is: a finite set of values, each with a bit pattern."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.errors import FormatError

MAX_BITS = 16
"""Widest format: its table of values stays small and exact in float32."""

Float = TypeVar("Float", np.float32, np.float64)


class Format(ABC):
    """A number format: a set of finite values and the codes that stand for them.

    Formats are immutable, hashable and equal by value; ``parse_format(f.name) == f``. A code is
    the raw bit pattern, 0 … 2^bits − 1. There is no negative zero: a code that would mean it
    decodes to +0 and is never produced. Rounding is half to even, overflow saturates.

    A family implements the abstract members; everything else follows from them.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """Canonical name, e.g. ``int4n`` or ``e4m3``."""

    @property
    @abstractmethod
    def family(self) -> str:
        """Name of the family, e.g. ``int``."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """Width of a code [bits]."""

    @property
    @abstractmethod
    def signed(self) -> bool:
        """Whether the format has values below zero."""

    @property
    @abstractmethod
    def min(self) -> float:
        """Least value."""

    @property
    @abstractmethod
    def max(self) -> float:
        """Greatest value."""

    @property
    @abstractmethod
    def lsb(self) -> float:
        """Greatest power of two of which every value is an integer multiple."""

    @property
    @abstractmethod
    def smallest_normal(self) -> float:
        """Least magnitude from which on values have full precision."""

    @abstractmethod
    def code_values(self) -> NDArray[np.float64]:
        """Return the value of every code, `(2^bits,)`; NaN or ±Inf where it is no finite value."""

    @abstractmethod
    def unsigned(self) -> "Format":
        """Return the format of equal width for tensors that are never negative.

        Raises:
            FormatError: The format has no such counterpart.
        """

    @abstractmethod
    def narrow(self) -> "Format":
        """Return what a weight of this format uses: a symmetric range for integers."""

    @abstractmethod
    def _round(self, x: NDArray[Float]) -> NDArray[Float]:
        """Round `x`, already within `min` … `max` or NaN, to the nearest value, half to even."""

    def with_sign(self) -> "Format":
        """Return the format of equal width for tensors that may be negative, itself if it is one.

        Raises:
            FormatError: The format is unsigned and has no such counterpart.
        """
        if not self.signed:
            raise FormatError(f"{self.name}: has no signed counterpart of equal width")
        return self

    @property
    def smallest_subnormal(self) -> float:
        """Least magnitude of a value other than 0; `smallest_normal` where nothing is below it."""
        magnitudes = np.abs(self.grid())
        return float(magnitudes[magnitudes > 0].min())

    @property
    def max_integer(self) -> int:
        """Greatest magnitude in units of `lsb`."""
        return int(max(-self.min, self.max) / self.lsb)

    @property
    def n_codes(self) -> int:
        """Number of distinct finite values."""
        return len(self.grid())

    def grid(self) -> NDArray[np.float64]:
        """Return the distinct finite values in ascending order, `(n_codes,)`, read-only."""
        return _tables(self).grid

    def decode(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Return the values that `codes` stand for, in the same shape.

        Special codes give NaN or ±Inf, and so does a code the format leaves unused.

        Raises:
            FormatError: `codes` are no integers, or lie outside 0 … 2^bits − 1.
        """
        patterns = np.asarray(codes)
        if patterns.dtype.kind not in "iu":
            raise FormatError(f"{self.name}: codes must be integers, not {patterns.dtype}")
        if patterns.size and (patterns.min() < 0 or patterns.max() >= 2**self.bits):
            raise FormatError(
                f"{self.name}: codes lie in 0 … {2**self.bits - 1}, "
                f"but these reach from {patterns.min()} to {patterns.max()}"
            )
        return np.asarray(_tables(self).values[patterns])

    def encode(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the codes of the values nearest to `x`, in the same shape.

        Rounds half to even; overflow and ±Inf saturate to the largest finite value, −0 gives +0.

        Raises:
            FormatError: `x` holds NaN.
        """
        quantized = self.quantize(x)
        if np.isnan(quantized).any():
            raise FormatError(f"{self.name}: NaN cannot be encoded")
        tables = _tables(self)
        return np.asarray(tables.codes[np.searchsorted(tables.grid, quantized)])

    @overload
    def quantize(self, x: NDArray[Float]) -> NDArray[Float]: ...
    @overload
    def quantize(self, x: ArrayLike) -> NDArray[Any]: ...
    def quantize(self, x: ArrayLike) -> NDArray[Any]:
        """Return the values nearest to `x`, in the same shape.

        Rounds half to even, exactly; overflow and ±Inf saturate, NaN stays NaN, −0 gives +0.
        float32 stays float32; anything else real is computed and returned in float64.

        Raises:
            FormatError: `x` holds no real numbers.
        """
        real = np.asarray(x)
        if real.dtype.kind not in "fiub":
            raise FormatError(f"{self.name}: cannot quantize {real.dtype}; give real numbers")
        if real.dtype != np.float32:
            real = real.astype(np.float64)
        # Saturating first changes no result, and keeps infinities out of the arithmetic.
        rounded = self._round(np.clip(real, self.min, self.max))
        return np.asarray(rounded + 0.0)  # −0 + 0 = +0

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of formats: what its file exports as ``FAMILY``.

    Args:
        name: Word that starts a range in a sweep, as in ``int3-8``; `Format.family` of its members.
        spelling: How its names are written, for messages.
        examples: Names to suggest when one is misspelt.
        parse: Takes a name in lower case; returns the format, or None if the name is not spelt
            like this family's; raises FormatError if it is but names no legal format.
        sweep: Takes the least and greatest width [bits]; returns the formats worth comparing,
            no two of them with equal grids.
    """

    name: str
    spelling: str
    examples: tuple[str, ...]
    parse: Callable[[str], Format | None]
    sweep: Callable[[int, int], tuple[Format, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tables:
    """Look-up tables of one format; `codes[i]` stands for `grid[i]`."""

    values: NDArray[np.float64]
    grid: NDArray[np.float64]
    codes: NDArray[np.int64]


@lru_cache(maxsize=512)
def _tables(format_: Format) -> _Tables:
    """Tabulate `format_`; the arrays are shared, hence read-only."""
    values = format_.code_values() + 0.0
    finite = np.flatnonzero(np.isfinite(values))
    grid, first = np.unique(values[finite], return_index=True)  # first: +0, not the code of −0
    codes = finite[first].astype(np.int64)
    for table in (values, grid, codes):
        table.flags.writeable = False
    return _Tables(values=values, grid=grid, codes=codes)
