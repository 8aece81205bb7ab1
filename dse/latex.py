"""LaTeX that shows any text as it is."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_SYMBOLS = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "{}_%&#$"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{THIN SPACE}": r"\,",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "\N{PLUS-MINUS SIGN}": r"\ensuremath{\pm}",
    "\N{MIDDLE DOT}": r"\ensuremath{\cdot}",
    "\N{LESS-THAN OR EQUAL TO}": r"\ensuremath{\leq}",
    "\N{GREATER-THAN OR EQUAL TO}": r"\ensuremath{\geq}",
    "\N{RIGHTWARDS ARROW}": r"\ensuremath{\rightarrow}",
    "\N{DOWNWARDS ARROW}": r"\ensuremath{\downarrow}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
}
_ACCENTS = frozenset("\u0300\u0301\u0302\u0303\u0308\u030a\u0327\u030c")
"""Combining marks of which pdfLaTeX knows every letter without a package."""
_BREAKS = re.compile(r"[ \x00-\x1f\x7f\x85\u2028\u2029]+")
_HYPHENS = re.compile(r"-(?=-)")


def escape(text: str) -> str:
    """Return `text` so that LaTeX sets it letter by letter, on one line.

    Line breaks and control characters become a space, and characters that pdfLaTeX does not know
    without a package their code point, such as ``U+4E2D``.
    """
    plain = "".join(_set(character) for character in _BREAKS.sub(" ", text).strip())
    return _HYPHENS.sub("-{}", plain)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """Return a ``tabular`` with the rules of the package booktabs.

    Args:
        headings: One for each column, as plain text, which is escaped.
        rows: Cells of each row, as many as headings, as plain text, which is escaped.
        sides: ``l`` or ``r`` for each column: the side its cells keep to.
    """
    body = [_row(row) for row in rows]
    lines = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{sides}}}",
        "\\toprule",
        _row(headings),
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    # an empty group in front: `[` after a line's end would be read as an option of that
    return "{}" + " & ".join(map(escape, cells)) + r" \\"


def _set(character: str) -> str:
    if character in _SYMBOLS:
        return _SYMBOLS[character]
    if " " <= character <= "~":
        return character
    letter, *marks = list(unicodedata.normalize("NFD", character))
    if letter.isascii() and letter.isalpha() and marks and set(marks) <= _ACCENTS:
        return character
    return f"U+{ord(character):04X}"
