"""Data set descriptions: what they may say, and what each data set takes."""

from pathlib import Path

import pytest

from dse.data import DATASETS, DataSpec, PathRule, load_dataset
from dse.errors import DataError, UnknownPluginError


def test_parses_name_path_and_options():
    spec = DataSpec.parse("imagefolder:a/b?size=32&other=x")
    assert (spec.name, spec.path) == ("imagefolder", "a/b")
    assert spec.option("size", "0") == "32"
    assert spec.option("absent", "0") == "0"


def test_path_keeps_further_colons_and_expands_home():
    assert DataSpec.parse("npz:C:/x.npz").path == "C:/x.npz"
    assert DataSpec.parse("npz:~/x.npz").folder() == Path.home() / "x.npz"


@pytest.mark.parametrize("text", ["a?size", "a?=3", "a?size=", "a?size=1&size=2"])
def test_refuses_malformed_options(text, refusal):
    with refusal(DataError, text):
        DataSpec.parse(text)


def test_unknown_name_gives_the_nearest(refusal):
    with refusal(UnknownPluginError, "'digit'", "did you mean 'digits'"):
        load_dataset("digit", 0)


def test_negative_seed(refusal):
    with refusal(DataError, "seed -1"):
        load_dataset("digits", -1)


def test_path_where_none_is_taken(refusal):
    with refusal(DataError, "takes no path"):
        load_dataset("digits:somewhere", 0)


@pytest.mark.parametrize("name", [n for n in DATASETS if DATASETS[n].path is PathRule.REQUIRED])
def test_path_missing(name, refusal):
    with refusal(DataError, "must be followed by :PATH"):
        load_dataset(name, 0)


@pytest.mark.parametrize("name", list(DATASETS))
def test_unknown_option(name, refusal):
    path = "" if DATASETS[name].path is PathRule.NONE else ":somewhere"
    with refusal(DataError, "no option 'bogus'"):
        load_dataset(f"{name}{path}?bogus=1", 0)


@pytest.mark.parametrize("name", [n for n in DATASETS if DATASETS[n].path is not PathRule.NONE])
def test_missing_path_is_named(name, tmp_path, refusal):
    with refusal(DataError, str(tmp_path / "absent")):
        load_dataset(f"{name}:{tmp_path / 'absent'}", 0)
