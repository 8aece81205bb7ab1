"""Exploring, exporting and building from Python."""

import numpy as np
import pytest
import torch
from torch import nn

import dse
from dse.errors import DataError, DesignError
from dse.models.digits_mlp import build as make_mlp
from dse.models.factory import name_of_factory
from hw_models.frontend import read_model
from hw_models.sim.golden import golden_outputs

QUICK = {"weights": "int4,e2m1", "acts": "int4", "calibration": 100, "progress": False}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Weights for `make_mlp` that nobody trained."""
    path = tmp_path_factory.mktemp("weights") / "mlp.pt"
    torch.manual_seed(1)
    torch.save(make_mlp().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def study(checkpoint, tmp_path_factory):
    """A study of two points of a network that a function of a module makes."""
    folder = tmp_path_factory.mktemp("study")
    return dse.explore(make_mlp, "digits", out=folder, checkpoint=checkpoint, **QUICK)


def test_a_function_stands_for_its_name(study, checkpoint, tmp_path):
    assert study.n_computed == 2
    assert (study.folder / "report.md").exists()
    model = study.findings.header.settings.model
    assert model == "dse.models.digits_mlp:build"
    named = dse.explore(model, "digits", out=tmp_path, checkpoint=str(checkpoint), **QUICK)
    assert named.evaluations.equals(study.evaluations)
    again = dse.explore(make_mlp, "digits", out=study.folder, checkpoint=checkpoint, **QUICK)
    assert again.n_computed == 0


def test_a_point_becomes_hardware(study, checkpoint, tmp_path):
    digest = study.evaluations.digest.iloc[0]
    file = study.export(digest[:12], tmp_path / "model.onnx", checkpoint=checkpoint)
    model = read_model(file)
    assert golden_outputs(model, np.zeros((1, 8, 8, 1), np.int64)).shape[-1] == 10
    with pytest.raises(DesignError, match="the weights are not those of the study"):
        study.export(digest[:12], tmp_path / "other.onnx")
    with pytest.raises(DataError, match="is a folder"):
        study.export(digest[:12], tmp_path)


def test_a_board_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(LookupError, match="did you mean 'icebreaker'"):
        dse.build("model.onnx", "icebraker", out=tmp_path)


def local() -> nn.Module:
    return make_mlp()


@pytest.mark.parametrize(
    "factory", [lambda: make_mlp(), make_mlp(), local.__get__(0)], ids=["lambda", "module", "bound"]
)
def test_what_cannot_be_found_by_name_is_refused(factory, tmp_path):
    with pytest.raises(DesignError, match="cannot be found again by name"):
        dse.explore(factory, "digits", out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_notebooks_network_stays_in_its_process(monkeypatch, tmp_path):
    import __main__

    monkeypatch.setattr(__main__, "local", local, raising=False)
    monkeypatch.setattr(local, "__module__", "__main__")
    assert name_of_factory(local) == "__main__:local"
    with pytest.raises(DesignError, match="put it into a module of its own"):
        dse.explore(local, "digits", out=tmp_path, jobs=2)
    small = {**QUICK, "weights": "int4"}
    study = dse.explore(local, "digits", out=tmp_path, qat=0, **small)
    assert len(study.front) == 1
