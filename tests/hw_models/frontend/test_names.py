import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_models.frontend.names import Names, shown


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("conv1", "conv1"),
        ("/features/0/Conv_12", "features_0_Conv_12"),
        ("0.weight", "n_0_weight"),
        ("module", "n_module"),
        ("Wire", "n_Wire"),
        ("", "node"),
        ("größe", "gr_e"),
        ("a\\b;endmodule", "a_b_endmodule"),
        ("__x__", "x"),
    ],
)
def test_names_become_identifiers(name, taken):
    assert Names().take(name) == taken


@given(st.lists(st.text(max_size=80), max_size=30))
def test_names_differ_even_in_lower_case(texts):
    names = Names()
    taken = [names.take(text) for text in (*texts, *texts)]
    assert len({name.lower() for name in taken}) == len(taken)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", name) for name in taken)


@given(st.text())
def test_shown_names_are_one_printable_line(text):
    assert shown(text).isprintable()
    assert len(shown(text)) <= 80
