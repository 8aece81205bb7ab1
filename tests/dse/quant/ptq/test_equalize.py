"""Weights of neighbouring layers end up with equal ranges."""

import numpy as np
import pytest
import torch
from torch import nn

from dse.quant.pipeline import CalibratedNetwork
from dse.quant.ptq.equalize import equalize
from dse.quant.ptq.smoothquant import smooth
from dse.quant.regions import regions_of, sink_ranges, source_ranges
from dse.quant.trace import trace


@pytest.fixture(scope="module")
def uneven() -> CalibratedNetwork:
    """A network whose channels differ by orders of magnitude, one of them dead."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 6, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(6 * 16, 4),
        )  # fmt: skip
        with torch.no_grad():
            network[0].weight *= torch.logspace(-3, 3, 8).reshape(-1, 1, 1, 1)
            network[2].weight[2] = 0.0
            network[2].bias[2] = -1.0
        images = torch.rand(20, 1, 8, 8)
    return CalibratedNetwork.from_images(trace(network), [images], 1 / 255)


@torch.no_grad()
def test_ranges_meet_and_the_function_stays(uneven):
    module = equalize(uneven).network.module
    for region in regions_of(module):
        made, read = source_ranges(module, region), sink_ranges(module, region)
        alive = made > 0
        assert np.allclose(made[alive], read[alive], rtol=5e-3)
    images = uneven.images[0]
    expected = uneven.network.module(images)
    torch.testing.assert_close(module(images), expected, rtol=1e-4, atol=1e-3)


def test_what_is_calibrated_is_what_was_rewritten(uneven):
    rewritten = equalize(uneven)
    assert set(rewritten.histograms) == set(uneven.histograms)
    assert any(
        rewritten.histograms[name].absmax != uneven.histograms[name].absmax
        for name in uneven.histograms
    )


@torch.no_grad()
def test_smoothquant_shares_range_between_activations_and_weights(uneven):
    module = smooth(uneven).network.module
    images = uneven.images[0]
    torch.testing.assert_close(module(images), uneven.network.module(images), rtol=1e-4, atol=1e-3)
    (first, *_) = regions_of(module)
    before, after = (
        torch.relu(network.get_submodule("0")(images)).amax(dim=(0, 2, 3)).double().numpy()
        for network in (uneven.network.module, module)
    )
    read = sink_ranges(uneven.network.module, first)
    # a/s and w·s with s = √(a/w) are both √(a·w)
    assert np.allclose(after, np.sqrt(before * read), rtol=1e-3)
