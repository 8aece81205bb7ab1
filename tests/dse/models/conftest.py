"""Fixtures of the network tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from torch import nn

from dse.errors import BitfrontError
from dse.models import Network, TrainingRecipe
from dse.models.weights import Examples


@pytest.fixture
def refusal():
    """Return a context that expects an error whose one line holds certain words."""

    @contextmanager
    def expect(kind: type[BitfrontError], *words: str) -> Iterator[None]:
        with pytest.raises(kind) as caught:
            yield
        text = str(caught.value)
        assert "\n" not in text
        for word in words:
            assert word in text

    return expect


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64, 2),
    )


@pytest.fixture
def tiny() -> Network:
    """A network that takes no time: 4 by 4 pixels, 2 classes."""
    return Network(
        name="tiny",
        build=build,
        default_data="",
        recipe=TrainingRecipe(epochs=3, batch_size=16, peak_lr=1e-2),
        input_shape=(1, 4, 4),
    )


@pytest.fixture
def examples() -> Examples:
    """Images whose class is whether the left half is brighter than the right."""
    rng = np.random.default_rng(0)
    x = rng.random((80, 1, 4, 4), dtype=np.float32)
    y = (x[..., :2].sum(axis=(1, 2, 3)) > x[..., 2:].sum(axis=(1, 2, 3))).astype(np.int64)
    return Examples(x=x[:60], y=y[:60], x_val=x[60:], y_val=y[60:])
