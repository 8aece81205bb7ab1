"""Quantization-aware training: it learns, it repeats itself, it resumes, it fails clearly."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dse.errors import DataError, DivergedError
from dse.formats import parse_format
from dse.models.weights import Examples
from dse.point import Scheme
from dse.quant.fast import freeze
from dse.quant.pipeline import prepare
from dse.quant.qat import QatRun
from dse.quant.qat.checkpoint import load_checkpoint, save_checkpoint
from dse.training import QatSettings

SETTINGS = QatSettings(epochs=4, batch_size=10, peak_lr=3e-3, patience=4, seed=3)


@pytest.fixture(scope="module")
def examples(images) -> Examples:
    """Images labelled by their brightest corner; the network is judged on what it learns."""
    x = images.numpy()
    corners = x.reshape(len(x), 2, 4, 2, 4).mean(axis=(2, 4)).reshape(len(x), 4)
    labels = corners.argmax(axis=1).astype(np.int64)
    return Examples(x=x, y=labels, x_val=x, y_val=labels)


@pytest.fixture
def start(calibrated, examples):
    """Return a function that starts a training of E2M0."""
    e2m0 = parse_format("e2m0")
    scheme = Scheme.uniform(calibrated.network.layer_names, e2m0, e2m0, parse_format("uint5"))

    def run(settings=SETTINGS):
        network = prepare(calibrated, scheme)
        return QatRun(network, calibrated.network, examples, settings)

    return run


def assert_same(one, other):
    assert one.history == other.history
    for part in ("module", "best"):
        values, others = getattr(one, part), getattr(other, part)
        assert list(values) == list(others)
        assert all(torch.equal(values[name], others[name]) for name in values)


def test_training_lowers_the_loss_and_keeps_the_best_epoch(start, examples):
    run = start(replace(SETTINGS, epochs=10, patience=10, peak_lr=1e-2, distillation=0.0))
    *_, last = run.states()
    best = last.best_epoch
    assert best.number > 0
    assert last.history[-1].loss < last.history[1].loss - 0.2
    with torch.no_grad():
        classes = freeze(run.network(last))(torch.from_numpy(examples.x)).argmax(dim=1)
    assert 100 * float(np.mean(classes.numpy() == examples.y)) == best.val_top1_pct


def test_the_same_seed_trains_the_same_network_and_another_one_another(start):
    *_, one = start().states()
    *_, again = start().states()
    *_, other = start(replace(SETTINGS, seed=4)).states()
    assert_same(one, again)
    assert not all(torch.equal(one.module[name], other.module[name]) for name in one.module)


@pytest.mark.parametrize("done", [0, 1, 3, 4])
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(start, tmp_path, done):
    *_, expected = start().states()
    path = tmp_path / "checkpoint.pt"
    for state in start().states():
        save_checkpoint(state, "key", path)
        if state.history[-1].number == done:
            break
    resumed = load_checkpoint("key", path)
    assert resumed is not None
    last = [resumed, *start().states(resumed)][-1]
    assert_same(last, expected)


def test_patience_ends_training(start):
    *_, last = start(replace(SETTINGS, epochs=9, peak_lr=1e-12, scale_lr=0.0, patience=2)).states()
    assert last.best_epoch.number == 0
    assert last.history[-1].number == 2


def test_a_loss_that_is_not_finite_is_named(start):
    with pytest.raises(DivergedError, match=r"epoch 1: the loss is (nan|inf)"):
        list(start(replace(SETTINGS, peak_lr=1e30)).states())


def test_there_is_no_state_without_a_file(tmp_path):
    assert load_checkpoint("key", tmp_path / "none.pt") is None


def test_a_checkpoint_of_another_training_is_refused(start, tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(next(start().states()), "key", path)
    with pytest.raises(DataError, match="another network, data, formats or settings"):
        load_checkpoint("other", path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="is damaged; delete it"):
        load_checkpoint("key", path)
