"""Regions of networks with branches, groups and operations that scale nothing."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from dse.quant.regions import Region, regions_of, rescale, sink_ranges, source_ranges
from dse.quant.trace import trace


class Residual(nn.Module):
    """Two branches that are added, a grouped convolution, pools and a flatten."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 8, 3, padding=1)
        self.left = nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.right = nn.Conv2d(8, 8, 1, bias=False)
        self.bounded = nn.Conv2d(8, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 6, 3)
        self.fc = nn.Linear(6 * 4, 5)

    def forward(self, x):
        x = torch.relu(self.first(x))
        y = torch.relu(self.left(x)) + self.right(x)
        y = torch.relu(y)
        y = nn.functional.relu6(self.bounded(y))
        y = nn.functional.avg_pool2d(torch.relu(self.last(y)), 2)
        return self.fc(torch.flatten(y, 1))


@pytest.fixture(scope="module")
def module():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return trace(Residual()).module


def test_regions_end_where_something_is_not_homogeneous(module):
    assert regions_of(module) == (
        Region(sources=("first",), sinks=("left", "right"), channels=8),
        Region(sources=("left", "right"), sinks=("bounded",), channels=8),
        # ReLU6 is not homogeneous, nor may the network's input or output be scaled
        Region(sources=("last",), sinks=("fc",), channels=6),
    )


def test_ranges_are_those_of_each_channel(module):
    first, second, third = regions_of(module)
    weights = {name: module.get_submodule(name).weight.detach().numpy() for name in ("left", "fc")}
    right = module.get_submodule("right").weight.detach().numpy()
    for channel in range(8):
        group, place = divmod(channel, 2)
        reads = [weights["left"][2 * group : 2 * group + 2, place], right[:, channel]]
        expected = max(np.abs(read).max() for read in reads)
        assert sink_ranges(module, first)[channel] == pytest.approx(expected)
        makes = [weights["left"][channel], right[channel]]
        expected = max(np.abs(made).max() for made in makes)
        assert source_ranges(module, second)[channel] == pytest.approx(expected)
    by_channel = np.abs(weights["fc"].reshape(5, 6, 4)).max(axis=(0, 2))
    assert np.allclose(sink_ranges(module, third), by_channel)


@torch.no_grad()
def test_rescaling_changes_no_output(module):
    images = torch.rand(3, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    changed = copy.deepcopy(module)
    rng = np.random.default_rng(0)
    for region in regions_of(changed):
        rescale(changed, region, np.exp(rng.normal(size=region.channels)))
    torch.testing.assert_close(changed(images), module(images), rtol=1e-4, atol=1e-5)
    assert not torch.equal(
        changed.get_submodule("left").weight, module.get_submodule("left").weight
    )
