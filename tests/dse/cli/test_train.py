"""`bitfront train` on digits, from the command line to the files."""

import json

import pytest

from hw_models.frontend import read_model


@pytest.fixture
def training(checkpoint, tmp_path):
    """Arguments of a quick training into ``tmp_path / out``."""
    return (
        f"train digits-mlp --checkpoint {checkpoint} --weights e2m1 --acts int4 --epochs 2 "
        f"--distillation 0 --lr 0.01 --json --out {tmp_path}/out"
    )


def test_training_gains_accuracy_and_leaves_a_network_for_hardware(bitfront, training, tmp_path):
    outcome = bitfront(training)
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert report == json.loads((tmp_path / "out" / "training.json").read_text())
    assert report["qat_test_top1_pct"] > report["ptq_test_top1_pct"] + 20  # nobody trained it
    assert [epoch["number"] for epoch in report["epochs"]] == [0, 1, 2]
    assert report["recipe"] == "qat"
    model = read_model(tmp_path / "out" / "model.onnx")
    assert [mvau.weight.name for mvau in model.accelerator.mvaus] == ["e2m1"] * len(
        model.accelerator.mvaus
    )


def test_the_same_command_again_trains_nothing(bitfront, training, tmp_path):
    first = bitfront(training)
    before = (tmp_path / "out" / "checkpoint.pt").stat().st_mtime_ns
    assert bitfront(training).out == first.out
    assert (tmp_path / "out" / "checkpoint.pt").stat().st_mtime_ns == before


def test_training_starts_from_a_recipe(bitfront, training):
    outcome = bitfront(f"{training} --ptq bias")
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert report["recipe"] == "bias+qat"
    plain = json.loads(bitfront(f"{training} --out {training.rpartition(' ')[2]}-plain").out)
    assert report["epochs"][0] != plain["epochs"][0] or report["epochs"][1] != plain["epochs"][1]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("--scale power_of_two", "give --scale-lr 0"),
        ("--weights e2m7q", "e2m7q"),
        ("--epochs 0", "epochs"),
        ("--ptq bias+gptq", "write gptq+bias"),
        ("--lr 1e30", "diverged in epoch 1"),
    ],
)
def test_what_cannot_be_trained_is_one_line(bitfront, training, more, says):
    outcome = bitfront(f"{training} {more}")
    assert outcome.code == 2
    assert says in outcome.err


def test_another_training_does_not_take_the_folder(bitfront, training):
    assert bitfront(training).code == 0
    outcome = bitfront(f"{training} --acts e2m1")
    assert outcome.code == 2
    assert "another network, data, formats or settings" in outcome.err
