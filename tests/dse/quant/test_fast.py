"""The frozen network against the Brevitas forward: equal, not close."""

from dataclasses import replace

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


class Branches(nn.Module):
    """Tensors read twice, views, functions and methods, depthwise layers and averages."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.conv3 = nn.Conv2d(4, 6, 1, stride=2)
        self.conv4 = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.fc1, self.fc2 = nn.Linear(6 * 4, 5), nn.Linear(6, 5)
        self.relu, self.pool = nn.ReLU(inplace=True), nn.AvgPool2d(2)

    def forward(self, x):
        a = self.relu(self.conv1(x))
        b = self.relu(self.conv2(a) + a)
        c = self.conv3(b)
        c += self.conv4(b)
        d = self.relu(c)
        return self.fc1(torch.flatten(self.pool(d), 1)) + self.fc2(d.mean((2, 3))) + 0.5


@pytest.mark.parametrize("name", ["int4", "e3m2"])
def test_branches_are_left_intact(images, name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Branches().eval()
    calibrated = CalibratedNetwork.from_images(trace(network), [images], 1 / 16)
    wanted = scheme(calibrated, parse_format(name), parse_format(name))
    assert_equal(calibrated, wanted, images)
    never_negative = frozenset(
        layer.name for layer in calibrated.network.layers if layer.nonnegative
    )
    assert never_negative == {"conv2", "conv3", "conv4", "fc1", "fc2"}
    wanted = scheme(
        calibrated, parse_format(name), parse_format(name), never_negative=never_negative
    )
    assert_equal(calibrated, wanted, images)


@pytest.mark.parametrize("network", ["resnet8", "mobilenet-v1", "ds-cnn"])
@pytest.mark.parametrize("unsigned", [False, True], ids=["signed", "unsigned"])
@pytest.mark.parametrize("name", ["int4", "e2m1"])
def test_networks_of_mlperf_tiny(seeded, network, name, unsigned):
    source = seeded(network)
    assert_equal(source.calibrated, source.scheme(name, unsigned=unsigned), source.images)


def test_residual_networks_share_work_without_harm(seeded):
    source = seeded("resnet8")
    schemes = [
        replace(source.scheme("int4", unsigned=False), act_range=act_range)
        for act_range in ("mse", "absmax", "percentile")
    ]
    networks = [freeze(prepare(source.calibrated, scheme)) for scheme in schemes]
    for network, logits in zip(networks, logits_of(networks, source.images), strict=True):
        assert torch.equal(network(source.images), logits)
