"""Spaces as TOML files."""

import pytest

from dse.errors import DesignError, FormatError
from dse.search.space_file import decisions_in, options_in, read_space

LAYERS = ("conv1", "conv2", "fc")
SPACE = """
model = "net"
fps = 500

[formats]
weights = "int4,e2m1"
acts = "int8"

[layer.fc]
weights = "int8"

[group.start]
layers = ["conv1", "conv2"]
acts = "int4-5"
"""


def decisions(tmp_path, text):
    path = tmp_path / "space.toml"
    path.write_text(text)
    return [item.to_plain() for item in decisions_in(read_space(path), LAYERS)]


def test_sections_say_what_is_decided(tmp_path):
    assert decisions(tmp_path, SPACE) == [
        "conv1 conv2 weights int4,e2m1",
        "conv2 acts int4,int5",
        "fc weights int8",
        "fc acts int8",
    ]


def test_every_layer_decides_by_itself_without_sections(tmp_path):
    found = decisions(tmp_path, '[formats]\nweights = "int4"\nacts = "int3"')
    assert found == [
        "conv1 weights int4",
        "conv2 weights int4",
        "conv2 acts int3",
        "fc weights int4",
        "fc acts int3",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[formats]\nweights = 'int4'", "lacks acts"),
        ("formats = 3", "must be a section"),
        (SPACE + "[layer.conv3]", "no layer 'conv3' .did you mean"),
        (SPACE + "[layer.conv1]", "'conv1' is named 2 times"),
        (SPACE + "[group.x]\nlayers = 'fc'", r"\[group.x\] needs layers"),
        (SPACE + "[layer.conv1]\nweight = 'int4'", "unknown entry 'weight' .did you mean"),
        (SPACE + "[layer.conv1]\nweights = 4", "must be a text"),
        ("[formats", "cannot read the space"),
    ],
)
def test_bad_spaces_are_named(tmp_path, text, words):
    with pytest.raises(DesignError, match=words):
        decisions(tmp_path, text)


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(FormatError, match="e9"):
        decisions(tmp_path, "[formats]\nweights = 'e9'\nacts = 'int4'")


def test_unknown_options_get_the_nearest(tmp_path):
    assert options_in({"model": "x", "formats": {}}, ["model", "fps"]) == {"model": "x"}
    with pytest.raises(DesignError, match=r"unknown option 'mdel' .did you mean 'model'"):
        options_in({"mdel": "x"}, ["model", "fps"])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DesignError, match=r"nowhere\.toml"):
        read_space(tmp_path / "nowhere.toml")
