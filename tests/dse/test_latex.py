import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.latex import escape, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int8", "int8"),
        ("a_b", r"a\_b"),
        ("5 %", r"5 \%"),
        ("R&D", r"R\&D"),
        ("#1", r"\#1"),
        ("$x$", r"\$x\$"),
        ("{x}", r"\{x\}"),
        ("~", r"\textasciitilde{}"),
        ("x^2", r"x\textasciicircum{}2"),
        ("\\input{a}", r"\textbackslash{}input\{a\}"),
        ("<b>|", r"\textless{}b\textgreater{}\textbar{}"),
        ("--x", r"-{}-x"),
        ("12\u202f500", r"12\,500"),
        ("−1 ± 2", r"\ensuremath{-}1 \ensuremath{\pm} 2"),  # noqa: RUF001
        ("Müller", "Müller"),
        ("中", "U+4E2D"),
        ("two\nlines\t\x00of\u2028text", "two lines of text"),
    ],
)
def test_shows_letter_by_letter(text, expected):
    assert escape(text) == expected


COMMANDS = re.compile(
    r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|ldots)\{\}"
    r"|\\ensuremath\{(-|\\[a-z]+)\}|\\[_%&#${},]|-\{\}"
)


@given(st.text())
def test_nothing_of_a_text_is_a_command(text):
    assert not set(COMMANDS.sub("", escape(text))) & set("\\_%&#${}^<>|\n")


def test_a_table_has_the_rules_of_booktabs_and_escaped_cells():
    assert table(["a_b", "n"], [["x&y", "1"], ["[z]", "2"]], "lr").splitlines() == [
        "% needs \\usepackage{booktabs}",
        "\\begin{tabular}{lr}",
        "\\toprule",
        "{}a\\_b & n \\\\",
        "\\midrule",
        "{}x\\&y & 1 \\\\",
        "{}[z] & 2 \\\\",
        "\\bottomrule",
        "\\end{tabular}",
    ]
