"""From text to formats: single names and sweeps."""

import re
from functools import lru_cache

from dse.errors import FormatError
from dse.formats.base import MAX_BITS, Family, Format
from dse.formats.integer import IntFormat
from dse.formats.minifloat import MiniFloat
from dse.registry import Registry, nearest

FAMILIES = Registry("dse.formats", "FAMILY", Family, "family of number formats")
"""Every family: one file of this package each, and what other distributions add."""

_RANGE = re.compile(r"(?P<word>[a-z]+)(?P<bits>\d+(-\d+)?)")


@lru_cache(maxsize=4096)
def parse_format(name: str) -> Format:
    """Return the format called `name`; upper case is taken as lower case.

    Raises:
        FormatError: `name` is not spelt like a format, or there is no such format.
    """
    lowered = name.strip().lower()
    for family in _families():
        found = family.parse(lowered)
        if found is not None:
            return found
    if _RANGE.fullmatch(lowered) and "-" in lowered:
        raise FormatError(f"'{name}' is a range of formats; name a single one here")
    examples = [example for family in _families() for example in family.examples]
    spellings = "; ".join(family.spelling for family in _families())
    hint = nearest(lowered, examples)
    raise FormatError(f"no number format is called '{name}'{hint}; known: {spellings}")


def parse_bits(text: str) -> tuple[int, int]:
    """Read a range of widths such as ``3-8``, or one width such as ``8`` [bits].

    Raises:
        FormatError: It is no such range, it is empty, or it leaves 1 … 16.
    """
    match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text.strip())
    if match is None:
        raise FormatError(f"'{text}' is no range of bits; write it like 3-8")
    low = int(match[1])
    high = int(match[2] or low)
    if low > high:
        raise FormatError(f"the range {low}-{high} is empty; did you mean {high}-{low}?")
    if low < 1 or high > MAX_BITS:
        raise FormatError(f"formats have 1 to {MAX_BITS} bits, not {text.strip()}")
    return low, high


def parse_sweep(text: str) -> tuple[Format, ...]:
    """Read a comma-separated list of names and ranges, such as ``int3-8,minifloat3-8,e4m3fn``.

    A range is a family's name and widths [bits] and stands for the family's sweep; ``minifloat3-8``
    is every signed finite minifloat of 2 ≤ E ≤ 5. What is named twice is kept once, in order.

    Raises:
        FormatError: An item is no format and no range, or a range holds no format.
    """
    items = [item.strip() for item in text.split(",")]
    if "" in items:
        raise FormatError(f"an item is empty in '{text}'; write it like int3-8,e4m3")
    return tuple(dict.fromkeys(fmt for item in items for fmt in _expand(item)))


def default_sweep(bits_low: int = 3, bits_high: int = 8) -> tuple[Format, ...]:
    """Return the integers, then the minifloats of `bits_low` … `bits_high` bits; 24 for 3–8.

    Raises:
        FormatError: The range is empty or leaves 1 … 16.
    """
    low, high = parse_bits(f"{bits_low}-{bits_high}")
    return (*IntFormat.sweep(low, high), *MiniFloat.sweep(low, high))


def _expand(item: str) -> tuple[Format, ...]:
    """Return the formats of one item of a sweep."""
    match = _RANGE.fullmatch(item.lower())
    families = {family.name: family for family in _families()}
    if match is None or (match["word"] not in families and "-" not in item):
        return (parse_format(item),)
    if match["word"] not in families:
        known = list(families)
        raise FormatError(
            f"{item}: no family of formats is called '{match['word']}'"
            f"{nearest(match['word'], known)}; known: {', '.join(known)}"
        )
    family = families[match["word"]]
    try:
        formats = family.sweep(*parse_bits(match["bits"]))
    except FormatError as error:
        raise FormatError(f"{item}: {error}") from error
    if not formats:
        raise FormatError(f"{item}: no {family.name} format of this width is swept")
    return formats


@lru_cache(maxsize=1)
def _families() -> tuple[Family, ...]:
    return tuple(FAMILIES.values())
