"""The frozen network against the Brevitas forward: equal, not close."""

import pytest
import torch
from torch import nn

from dse.formats import default_sweep, parse_format, parse_sweep
from dse.point import Scheme
from dse.quant.fast import freeze, logits_of
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace

SWEEP = default_sweep()
OTHERS = parse_sweep("int2,uint4,ue3m2,e4m3fn,e5m2ieee,e5m2fnuz,int16,e5m10")
INPUT = parse_format("uint5")


def scheme(calibrated, weight, act, **options):
    return Scheme.uniform(calibrated.network.layer_names, weight, act, INPUT, **options)


@torch.no_grad()
def assert_equal(calibrated, wanted, images):
    quantized = prepare(calibrated, wanted)
    frozen = freeze(quantized)
    before = images.clone()
    expected = quantized.module(images)
    assert torch.equal(frozen(images), expected)
    assert torch.equal(images, before)
    assert expected.std() > 0


@pytest.mark.parametrize("number_format", SWEEP + OTHERS, ids=lambda f: f.name)
def test_every_format_as_activation_and_as_weight(calibrated, images, number_format):
    assert_equal(calibrated, scheme(calibrated, parse_format("int5"), number_format), images)
    if number_format.signed:
        assert_equal(calibrated, scheme(calibrated, number_format, parse_format("e3m2")), images)


@pytest.mark.parametrize(
    "options",
    [
        {"granularity": "per_tensor"},
        {"scale": "power_of_two"},
        {"act_range": "absmax", "weight_range": "absmax"},
        {"act_range": "percentile"},
        {"edge": parse_format("int8")},
        {"never_negative": frozenset({"conv2", "conv3", "fc2"})},
    ],
    ids=",".join,
)
def test_every_option(calibrated, images, options):
    for name in ("int4", "e2m1"):
        wanted = scheme(calibrated, parse_format(name), parse_format(name), **options)
        assert_equal(calibrated, wanted, images)


def test_networks_that_share_work_give_what_each_gives_alone(calibrated, images):
    weight = parse_format("e2m1")
    networks = [freeze(prepare(calibrated, scheme(calibrated, weight, act))) for act in SWEEP]
    together = list(logits_of(networks, images))
    for network, logits in zip(networks, together, strict=True):
        assert torch.equal(network(images), logits)


def test_the_first_layer_and_its_pool_are_shared_by_equal_weights_only(calibrated):
    def keys(weight, act):
        formats = parse_format(weight), parse_format(act)
        return [
            step.key for step in freeze(prepare(calibrated, scheme(calibrated, *formats))).steps
        ]

    one, other, third = keys("int4", "int4"), keys("int4", "e2m1"), keys("int5", "int4")
    common = [a == b for a, b in zip(one, other, strict=True)]
    assert common == [True] * 3 + [False] * (len(one) - 3)  # input, conv1, pool1
    assert [a == b for a, b in zip(one, third, strict=True)] == [True] + [False] * (len(one) - 1)


class Residual(nn.Module):
    """A tensor read twice, a view, functions and methods."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 64, 10)
        self.relu = nn.ReLU()

    def forward(self, x):
        a = self.relu(self.conv1(x))
        b = self.relu(self.conv2(a) + a)
        return self.fc(torch.flatten(b, 1)) + self.fc.in_features * 0.0


@pytest.mark.parametrize("name", ["int4", "e3m2"])
def test_branches_are_left_intact(images, name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Residual().eval()
    calibrated = CalibratedNetwork.from_images(trace(network), [images], 1 / 16)
    wanted = scheme(calibrated, parse_format(name), parse_format(name))
    assert_equal(calibrated, wanted, images)
