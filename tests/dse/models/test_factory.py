"""Networks a user brings as ``package.module:factory``."""

import sys
from pathlib import Path

import pytest
import torch

from dse.errors import DesignError, UnknownPluginError
from dse.models import load_network

SOURCE = r"""
import torch
from torch import nn

SIZE = 3

def make():
    import {name}_parts
    return nn.Sequential(nn.Flatten(), nn.Linear(4, {name}_parts.OUTPUTS))

class Whole(nn.Linear):
    def __init__(self):
        super().__init__(4, 2)

def needs(size):
    return nn.Linear(size, 2)

def broken():
    raise ValueError("two\nlines")

def wrong():
    return "a string"
"""


@pytest.fixture
def module(monkeypatch, tmp_path, request) -> str:
    """A module in the current folder, named after the test so that none is seen twice."""
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)
    (tmp_path / f"{name}.py").write_text(SOURCE.format(name=name))
    (tmp_path / f"{name}_parts.py").write_text("OUTPUTS = 5\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    return name


def test_builds_from_the_current_folder_and_leaves_the_path_alone(module, tmp_path):
    before, random = sys.path[:], torch.get_rng_state()
    network = load_network(f"{module}:make")
    assert sys.path == before
    assert torch.equal(torch.get_rng_state(), random)
    assert network.build()(torch.zeros(1, 1, 2, 2)).shape == (1, 5)
    assert (network.input_shape, network.default_data) == ((), "")
    network.check_fits((1, 2, 2), 5)


def test_initial_weights_follow_the_seed(module):
    network = load_network(f"{module}:Whole")
    first, again, other = (network.initial(seed).weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_module(module, tmp_path, refusal):
    with refusal(UnknownPluginError, "no module 'absent'", str(tmp_path)):
        load_network("absent.part:make")


def test_a_module_that_lacks_one_of_its_own(module, tmp_path, refusal):
    Path(f"{module}_a.py").write_text("import absent_library\n")
    with refusal(DesignError, f"importing {module}_a failed", "absent_library"):
        load_network(f"{module}_a:make")


@pytest.mark.parametrize("text", ["def make(:", "1 / 0", "raise SystemExit('x')"])
def test_a_module_that_cannot_be_imported(module, text, refusal):
    Path(f"{module}_b.py").write_text(text)
    with refusal(DesignError, f"importing {module}_b failed"):
        load_network(f"{module}_b:make")


def test_no_such_function_gives_the_nearest(module, refusal):
    with refusal(UnknownPluginError, "has no 'mak'", "did you mean 'make'"):
        load_network(f"{module}:mak")


@pytest.mark.parametrize("name", ["", "a:b:c"])
def test_empty_and_nested_names(module, name, refusal):
    with refusal(UnknownPluginError, f"has no '{name}'"):
        load_network(f"{module}:{name}")


@pytest.mark.parametrize("name", [":make", "..x:make"])
def test_no_module_name(module, name, refusal):
    with refusal(UnknownPluginError, "package.module:factory"):
        load_network(name)


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("needs", "failed: TypeError"),
        ("broken", "failed: ValueError: two"),
        ("wrong", "returned str, not a torch.nn.Module"),
        ("SIZE", "failed: TypeError"),
    ],
)
def test_what_makes_no_network(module, factory, words, refusal):
    with refusal(DesignError, f"{factory}()", words):
        load_network(f"{module}:{factory}")


def test_data_of_another_shape(module, refusal):
    network = load_network(f"{module}:make")
    with refusal(DesignError, f"'{module}:make'", "(1, 3, 3)"):
        network.check_fits((1, 3, 3), 5)
    with refusal(DesignError, "(1, 5)", "10 classes"):
        network.check_fits((1, 2, 2), 10)
