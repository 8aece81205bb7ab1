"""Markdown that shows any text as it is."""

import re
from collections.abc import Iterable, Sequence

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>()#!|~&$])")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")


def escape(text: str) -> str:
    """Return `text` so that Markdown shows it letter by letter, within a line or a table's cell.

    Line breaks and other control characters become a space.
    """
    return _PUNCTUATION.sub(r"\\\1", _BREAKS.sub(" ", text).strip())


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """Return a table of cells that are Markdown already.

    Args:
        headings: One for each column.
        rows: Cells of each row, as many as headings.
        sides: ``l`` or ``r`` for each column: the side its cells keep to.
    """
    rules = [":--" if side == "l" else "--:" for side in sides]
    lines = [headings, rules, *rows]
    assert all(len(line) == len(headings) for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
