import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dse.report.markdown import escape, table


def shown(markdown):
    """Return the text of each cell of a table, as a reader of Markdown sees it."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    cells = [token for token in tokens if token.type == "inline"]
    assert all(
        child.type == "text" or child.type == "text_special"
        for cell in cells
        for child in cell.children
    )
    return ["".join(child.content for child in cell.children) for cell in cells]


@pytest.mark.parametrize(
    "name",
    [
        "plain", "a|b", "a\\|b", "*bold*", "_x_", "`code`", "<b>", "&amp;", "[a](b)", "![a](b)",
        "~~x~~", "# x", "\\", "npz:/data/my_file*.npz", "$x$",
    ],
)  # fmt: skip
def test_text_is_shown_letter_by_letter(name):
    assert shown(table([escape(name), "b"], [["c", escape(name)]], "ll")) == [name, "b", "c", name]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_text_keeps_to_its_cell(name):
    assert shown(table(["a", "b"], [["c", escape(name)]], "lr")) == ["a", "b", "c", name]


def test_line_breaks_become_spaces():
    assert escape(" a\r\nb\u2028c\x00d ") == "a b c d"


def test_columns_keep_to_their_side():
    assert table(["a", "b"], [["1", "2"]], "lr") == "| a | b |\n| :-- | --: |\n| 1 | 2 |\n"
