"""Cached weights: found again, kept apart, made again when damaged."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import nn

from dse.errors import DataError, DesignError
from dse.models import weights
from dse.models.weights import Examples, TrainedWeights, cache_path, trained


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def get(tiny, examples):
    def run(**settings) -> TrainedWeights:
        return trained(tiny, "data", lambda: examples, **{"seed": 0} | settings)

    return run


def untouched() -> Examples:
    raise AssertionError("trained again")


def test_the_second_call_reads_what_the_first_wrote(tiny, get, cache):
    first = get()
    assert first.is_new
    assert first.path.parent == cache / "bitfront" / "weights"
    assert first.path.name.startswith("tiny-")
    second = trained(tiny, "data", untouched, seed=0)
    assert not second.is_new
    assert second.digest == first.digest
    assert all(torch.equal(first.state[name], second.state[name]) for name in first.state)
    assert [file.suffix for file in first.path.parent.iterdir()] == [".pt"]


def test_whatever_decides_the_weights_decides_the_file(tiny, monkeypatch):
    def wider() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 2))

    longer = dataclasses.replace(tiny.recipe, epochs=4)
    paths = [
        cache_path(tiny, "data", 0),
        cache_path(tiny, "data", 1),
        cache_path(tiny, "other data", 0),
        cache_path(dataclasses.replace(tiny, name="small"), "data", 0),
        cache_path(dataclasses.replace(tiny, recipe=longer), "data", 0),
        cache_path(dataclasses.replace(tiny, build=wider), "data", 0),
    ]
    monkeypatch.setattr(weights, "TRAINING_VERSION", weights.TRAINING_VERSION + 1)
    paths.append(cache_path(tiny, "data", 0))
    assert len(set(paths)) == len(paths)


def test_a_changed_forward_pass_or_initial_weight_changes_the_digest(tiny):
    class Gain(nn.Module):
        def __init__(self, gain: float, start: float) -> None:
            super().__init__()
            self.fc, self.gain = nn.Linear(16, 2), gain
            nn.init.constant_(self.fc.weight, start)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(x.flatten(1)) * self.gain

    digests = {
        weights.network_digest(dataclasses.replace(tiny, build=lambda g=g, s=s: Gain(g, s)))
        for g, s in ((1.0, 0.0), (2.0, 0.0), (1.0, 0.5))
    }
    assert len(digests) == 3


def test_a_name_with_odd_characters_stays_one_file(tiny, cache):
    path = cache_path(dataclasses.replace(tiny, name="../a b:c"), "data", 0)
    assert path.parent == cache / "bitfront" / "weights"
    assert path.name.startswith("..-a-b-c-")


@pytest.mark.parametrize("content", [b"", b"half a file", None])
def test_a_damaged_cache_is_set_aside_and_made_again(get, content):
    first = get()
    content = first.path.read_bytes()[:-100] if content is None else content
    first.path.write_bytes(content)
    again = get()
    assert again.is_new
    assert again.digest == first.digest
    assert first.path.with_suffix(".damaged").read_bytes() == content
    assert not get().is_new


def test_nothing_is_cached_when_training_fails(get, examples, cache, refusal):
    examples.x[0] = float("nan")
    with refusal(DesignError, "diverged"):
        get()
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_costs_a_warning_and_no_training(get, cache, caplog):
    (cache / "bitfront").touch()
    found = get()
    assert found.is_new
    assert found.path is None
    (record,) = caplog.records
    assert "is used, but not kept" in record.getMessage()


def test_a_checkpoint_comes_first(tiny, get, tmp_path):
    state = tiny.initial(9).state_dict()
    torch.save(state, tmp_path / "mine.pt")
    given = trained(tiny, "data", untouched, seed=0, checkpoint=tmp_path / "mine.pt")
    assert not given.is_new
    assert given.path == tmp_path / "mine.pt"
    assert given.digest == weights.state_digest(state)


def test_a_bad_checkpoint_is_not_replaced_by_training(tiny, tmp_path, refusal):
    (tmp_path / "mine.pt").write_bytes(b"no")
    with refusal(DataError, "mine.pt"):
        trained(tiny, "data", untouched, seed=0, checkpoint=tmp_path / "mine.pt")
    assert (tmp_path / "mine.pt").read_bytes() == b"no"


def test_an_untraceable_network_is_refused(tiny, refusal):
    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with refusal(DesignError, "'tiny'", "torch.fx"):
        cache_path(dataclasses.replace(tiny, build=Branching), "data", 0)
