"""Training a point: interrupted, read back, diverged."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dse.data import Split
from dse.data.base import assemble
from dse.errors import DataError
from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.quant.evaluator import Evaluator
from dse.quant.fast import freeze
from dse.quant.result import AccuracyResult, EndedEarly
from dse.recipe import Recipe
from dse.training import QatSettings

UINT5 = parse_format("uint5")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)

    def split(n):
        x = rng.integers(0, 17, (n, 1, 8, 8), np.uint8)
        return Split(x=x, y=x.reshape(n, 2, 4, 2, 4).mean((2, 4)).reshape(n, 4).argmax(1))

    return assemble(
        name="corners", train=split(300), calibration=split(50), validation=split(100),
        test=split(110), n_classes=4, input_format=UINT5, input_scale=1 / 16,
    )  # fmt: skip


@pytest.fixture
def evaluator(network, data):
    return Evaluator(network, "weights", data, calibration=50, seed=0)


@pytest.fixture
def wanted(evaluator):
    e2m0 = parse_format("e2m0")
    return Quantization(
        scheme=Scheme.uniform(evaluator.layers, e2m0, e2m0, UINT5),
        recipe=Recipe.parse("bias"),
        training=QatSettings(epochs=3, batch_size=10, peak_lr=2e-2, distillation=0.0),
    )


class Interrupted(Exception):  # noqa: N818 - a signal, no error
    """Stands in for a kill after the first epoch."""


def interrupt(step, done, total):
    if done == 1:
        raise Interrupted


def outcome_of(evaluator, wanted, path):
    return replace(evaluator.train_and_measure(wanted, path), seconds=0)


def test_an_interrupted_training_ends_as_if_nothing_had_happened(evaluator, wanted, tmp_path):
    whole = outcome_of(evaluator, wanted, tmp_path / "whole.pt")
    assert isinstance(whole, AccuracyResult)
    before = next(evaluator.evaluate([replace(wanted, training=None)]))
    assert whole.val_top1_pct > before.val_top1_pct
    assert whole.changed_weights_pct > before.changed_weights_pct
    path = tmp_path / "interrupted.pt"
    with pytest.raises(Interrupted):
        evaluator.train(wanted, path, interrupt)
    with pytest.raises(DataError, match="training has not ended in checkpoint"):
        evaluator.trained(wanted, path)
    assert outcome_of(evaluator, wanted, path) == whole
    assert outcome_of(evaluator, wanted, path) == whole  # it is over: nothing is trained again


def test_the_trained_network_is_read_back_bit_for_bit(evaluator, wanted, data, tmp_path):
    path = tmp_path / "point.pt"
    trained = evaluator.train(wanted, path).network
    images = torch.from_numpy(data.as_float(data.test))
    with torch.no_grad():
        one, other = (freeze(net)(images) for net in (trained, evaluator.trained(wanted, path)))
    assert torch.equal(one, other)


def test_checkpoints_that_are_missing_or_of_another_point_are_refused(evaluator, wanted, tmp_path):
    path = tmp_path / "point.pt"
    with pytest.raises(DataError, match=r"there is no checkpoint .*point\.pt"):
        evaluator.trained(wanted, path)
    evaluator.train(wanted, path)
    other = replace(wanted, recipe=Recipe())
    for use in (evaluator.trained, evaluator.train):
        with pytest.raises(DataError, match="another network, data, formats or settings"):
            use(other, path)
    content = torch.load(path, weights_only=True)
    content["best"] = {name: value.reshape(-1)[:1] for name, value in content["best"].items()}
    torch.save(content, path)
    with pytest.raises(DataError, match="is of another network"):
        evaluator.trained(wanted, path)
    path.write_bytes(b"nonsense")
    with pytest.raises(DataError, match="is damaged"):
        evaluator.trained(wanted, path)


def test_a_training_that_diverges_is_an_outcome(evaluator, wanted, tmp_path):
    settings = replace(wanted.training, peak_lr=1e30)
    outcome = evaluator.train_and_measure(replace(wanted, training=settings), tmp_path / "x.pt")
    assert isinstance(outcome, EndedEarly)
    assert outcome.reason.startswith("training diverged in epoch 1")
