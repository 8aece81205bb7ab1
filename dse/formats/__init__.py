"""Number formats: one file is one family.

::

    parse_format("e4m3").quantize(weights / scale)
    parse_sweep("int3-8,minifloat3-8,e4m3fn")
"""

from dse.formats._names import FAMILIES, default_sweep, parse_bits, parse_format, parse_sweep
from dse.formats.base import Family, Format
from dse.formats.integer import IntFormat
from dse.formats.minifloat import MiniFloat, Variant

__all__ = [
    "FAMILIES",
    "Family",
    "Format",
    "IntFormat",
    "MiniFloat",
    "Variant",
    "default_sweep",
    "parse_bits",
    "parse_format",
    "parse_sweep",
]
