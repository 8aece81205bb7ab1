"""Training: reproducible, without side effects, clear when it fails."""

import dataclasses

import numpy as np
import pytest
import torch

from dse.errors import DesignError
from dse.models.train import Epoch, top1_pct, train


def run(network, examples, **settings):
    settings = {"seed": 0} | settings
    return train(network, examples.x, examples.y, examples.x_val, examples.y_val, **settings)


def same(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_bits(tiny, examples):
    first = run(tiny, examples)
    torch.rand(3)  # what happened in between must not matter
    assert same(first, run(tiny, examples))
    assert not same(first, run(tiny, examples, seed=1))


def test_leaves_threads_and_random_state_alone(tiny, examples):
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    run(tiny, examples, threads=threads + 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_threads_come_back_after_a_failure(tiny, examples):
    threads = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        run(tiny, examples, threads=threads + 1, progress=lambda epoch: 1 / 0)
    assert torch.get_num_threads() == threads


def test_reports_every_epoch(tiny, examples):
    seen: list[Epoch] = []
    state = run(tiny, examples, progress=seen.append)
    assert [(epoch.number, epoch.of) for epoch in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1].loss < seen[0].loss
    module = tiny.build()
    module.load_state_dict(state)
    x_val, y_val = torch.from_numpy(examples.x_val), torch.from_numpy(examples.y_val)
    assert seen[-1].val_top1_pct == top1_pct(module, x_val, y_val)


def test_no_step_sees_a_single_image(tiny, examples):
    class Watching(torch.nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sizes.append(len(x))
            return super().forward(x)

    sizes: list[int] = []
    watched = dataclasses.replace(tiny, build=lambda: Watching(*tiny.build()))
    run(watched, dataclasses.replace(examples, x=examples.x[:33], y=examples.y[:33]))
    assert sizes == [11, 11, 11, 20] * 3  # three even steps and the validation images


def test_weights_are_contiguous_and_detached(tiny, examples):
    for tensor in run(tiny, examples).values():
        assert tensor.is_contiguous()
        assert not tensor.requires_grad


def test_a_diverging_loss_is_said_and_not_returned(tiny, examples, refusal):
    examples.x[3] = np.nan
    with refusal(DesignError, "'tiny'", "epoch 1", "nan"):
        run(tiny, examples)


def test_a_learning_rate_out_of_bounds_is_noticed(tiny, examples, refusal):
    wild = dataclasses.replace(tiny.recipe, peak_lr=1e30)
    with refusal(DesignError, "diverged"):
        run(dataclasses.replace(tiny, recipe=wild), examples)


def test_top1_counts_hits():
    logits = torch.eye(4).repeat(300, 1)
    labels = torch.arange(4).repeat(300)
    labels[:300] = (labels[:300] + 1) % 4
    assert top1_pct(torch.nn.Identity(), logits, labels) == 75.0
