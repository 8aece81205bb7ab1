"""Seeded training: the same inputs give the same weights, and no global state is left changed."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from dse.errors import DivergedError
from dse.models.base import Network, TrainingRecipe

State = dict[str, torch.Tensor]
"""A module's state dict: parameters and buffers by name."""

_LAYOUT = torch.channels_last  # trains a third faster on a CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What is known when an epoch ends.

    Attributes:
        number: From 1 to `of`.
        of: Epochs in all.
        loss: Mean training loss of the epoch.
        val_top1_pct: Validation accuracy after it [%].
    """

    number: int
    of: int
    loss: float
    val_top1_pct: float


Progress = Callable[[Epoch], None]


def silent(epoch: Epoch) -> None:
    """Report nothing."""


@contextmanager
def _torch_state(seed: int, threads: int) -> Iterator[None]:
    """Seed torch and set its threads; put both back at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


def top1_pct(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the share of `x` `(n, c, h, w)` that `module` puts into class `y` `(n,)` [%]."""
    module.eval()
    with torch.no_grad():
        classes = torch.cat([module(images).argmax(dim=1) for images in torch.split(x, 1000)])
    return 100.0 * (classes == y).double().mean().item()


def train(
    network: Network,
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    x_val: NDArray[np.float32],
    y_val: NDArray[np.int64],
    *,
    seed: int,
    threads: int = 1,
    progress: Progress = silent,
) -> State:
    """Train `network` by its recipe and return the weights after the last epoch.

    The one-cycle schedule ends at a learning rate near 0, so the last weights are kept and
    validation only informs `progress`.

    Args:
        network: What to train.
        x: Training inputs `(n, c, h, w)`.
        y: Training labels `(n,)`.
        x_val: Validation inputs `(m, c, h, w)`.
        y_val: Validation labels `(m,)`.
        seed: Decides initial weights and the order of images.
        threads: Threads torch may use; another number changes sums in the last bit.
        progress: Called after each epoch.

    Raises:
        DivergedError: The loss became NaN or Inf.
    """
    recipe = network.recipe
    images, labels = torch.from_numpy(x).to(memory_format=_LAYOUT), torch.from_numpy(y)
    images_val, labels_val = torch.from_numpy(x_val), torch.from_numpy(y_val)
    order = torch.Generator().manual_seed(seed)
    with _torch_state(seed, threads):
        module = convert_conv2d_weight_memory_format(network.build(), _LAYOUT)
        n_batches = math.ceil(len(labels) / recipe.batch_size)
        step = _stepper(module, recipe, total_steps=recipe.epochs * n_batches)
        for number in range(1, recipe.epochs + 1):
            module.train()
            shuffled = torch.randperm(len(labels), generator=order)
            losses = [
                step(images[batch], labels[batch]) * len(batch)
                for batch in torch.tensor_split(shuffled, n_batches)  # even: none has 1 image
            ]
            loss = sum(losses) / len(labels)
            if not math.isfinite(loss):
                raise DivergedError(
                    f"training of '{network.name}' diverged in epoch {number}: the loss is {loss}; "
                    f"look for extreme values in the images, or bring trained weights"
                )
            accuracy = top1_pct(module, images_val, labels_val)
            progress(Epoch(number=number, of=recipe.epochs, loss=loss, val_top1_pct=accuracy))
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in module.state_dict().items()
    }


def _stepper(
    module: nn.Module, recipe: TrainingRecipe, total_steps: int
) -> Callable[[torch.Tensor, torch.Tensor], float]:
    """Return a function that takes one optimizer step on images and labels, giving their loss."""
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=recipe.peak_lr, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=recipe.peak_lr, total_steps=total_steps
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)

    def step(images: torch.Tensor, labels: torch.Tensor) -> float:
        loss = criterion(module(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return float(loss.item())

    return step
