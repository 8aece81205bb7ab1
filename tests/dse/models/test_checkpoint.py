"""Checkpoints a user brings: whole, misfitting, damaged and hostile."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dse.errors import DataError
from dse.models.checkpoint import load_checkpoint, state_digest


@pytest.fixture
def state(tiny):
    return tiny.initial(3).state_dict()


@pytest.fixture
def save(tmp_path):
    def write(value: object) -> Path:
        torch.save(value, tmp_path / "weights.pt")
        return tmp_path / "weights.pt"

    return write


def test_round_trip(tiny, state, save):
    loaded = load_checkpoint(tiny, save(state))
    assert list(loaded) == list(state)
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    assert state_digest(loaded) == state_digest(state)


def test_takes_a_wrapped_state_dict_and_other_number_types(tiny, state, save):
    wide = {name: tensor.double() for name, tensor in state.items()}
    loaded = load_checkpoint(tiny, save({"epoch": 3, "state_dict": wide}))
    assert {name: t.dtype for name, t in loaded.items()} == {n: t.dtype for n, t in state.items()}
    assert state_digest(loaded) == state_digest(state)


def test_a_missing_step_counter_does_not_matter(tiny, state, save):
    del state["1.num_batches_tracked"]
    assert "1.num_batches_tracked" in load_checkpoint(tiny, save(state))


def test_names_the_missing_tensor(tiny, state, save, refusal):
    del state["4.bias"]
    with refusal(DataError, "weights.pt", "lacks the tensor '4.bias'", "'tiny'"):
        load_checkpoint(tiny, save(state))


def test_names_the_unknown_tensor(tiny, state, save, refusal):
    state["fc9.weight"] = torch.zeros(2)
    with refusal(DataError, "'tiny' has no tensor 'fc9.weight'"):
        load_checkpoint(tiny, save(state))


def test_names_the_tensor_of_another_shape(tiny, state, save, refusal):
    state["4.weight"] = torch.zeros(2, 65)
    with refusal(DataError, "'4.weight'", "(2, 65)", "(2, 64)"):
        load_checkpoint(tiny, save(state))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["0.weight", "1.running_var"])
def test_names_the_tensor_with_nan_or_inf(tiny, state, save, name, value, refusal):
    state[name].view(-1)[1] = value
    with refusal(DataError, f"'{name}'", "NaN or Inf"):
        load_checkpoint(tiny, save(state))


def test_a_value_that_is_no_tensor(tiny, state, save, refusal):
    with refusal(DataError, "'0.weight'"):
        load_checkpoint(tiny, save(state | {"0.weight": [1.0, 2.0]}))


@pytest.mark.parametrize("value", [[1, 2], torch.zeros(3), {}])
def test_other_content(tiny, save, value, refusal):
    with refusal(DataError, "weights.pt"):
        load_checkpoint(tiny, save(value))


def test_a_missing_file_and_a_folder(tiny, tmp_path, refusal):
    for path in (tmp_path / "no.pt", tmp_path):
        with refusal(DataError, f"checkpoint {path} cannot be read"):
            load_checkpoint(tiny, path)


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.99])
def test_truncated(tiny, state, save, keep, refusal):
    path = save(state)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with refusal(DataError, "weights.pt", "damaged"):
        load_checkpoint(tiny, path)


class Trap:
    """Touches a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_malicious_file_runs_nothing(tiny, state, save, tmp_path, refusal):
    path = save(state | {"0.weight": Trap(tmp_path / "sprung")})
    torch.load(path, weights_only=False)
    assert (tmp_path / "sprung").exists()  # the trap works where nothing guards it
    (tmp_path / "sprung").unlink()
    with refusal(DataError, "weights.pt"):
        load_checkpoint(tiny, path)
    assert not (tmp_path / "sprung").exists()


def test_digest_covers_names_types_and_values(state):
    digests = {state_digest(state)}
    digests.add(state_digest({f"x.{name}": t for name, t in state.items()}))
    digests.add(state_digest({name: t.double() for name, t in state.items()}))
    digests.add(state_digest(state | {"4.bias": state["4.bias"] + 1}))
    assert len(digests) == 4
