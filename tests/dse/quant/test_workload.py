from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.formats import Format, parse_format, parse_sweep
from dse.models import load_network
from dse.point import LayerScheme, Scheme
from dse.quant.pipeline import activation_formats
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.cost import estimate, estimate_points
from hw_models.folding import fold
from hw_models.graph import INPUT, Add, Mvau, Pool, PoolKind, Requantize, SlidingWindow

UINT8 = parse_format("uint8")


def test_shapes_of_a_network(network):
    accelerator = template(trace(network), (1, 8, 8), parse_format("uint5"))
    assert [(m.name, m.mw, m.mh, m.vectors, m.groups) for m in accelerator.mvaus] == [
        ("conv1", 9, 6, 64, 1),
        ("conv2", 54, 8, 16, 1),
        ("conv3", 36, 8, 16, 2),
        ("fc1", 32, 12, 1, 1),
        ("fc2", 12, 10, 1, 1),
    ]
    assert [type(node) for node in accelerator.nodes] == [
        SlidingWindow, Mvau, Requantize, Pool,
        SlidingWindow, Mvau, Requantize,
        SlidingWindow, Mvau, Requantize, SlidingWindow, Pool,
        Mvau, Requantize,
        Mvau,
    ]  # fmt: skip
    assert accelerator.mvaus[0].act.name == "uint5"
    assert accelerator.macs == 9 * 6 * 64 + 54 * 8 * 16 + 36 * 8 * 16 + 32 * 12 + 12 * 10


def test_padding_by_name_strides_and_pointwise_layers():
    network = nn.Sequential(
        nn.Conv2d(3, 4, (5, 3), padding="same"), nn.Conv2d(4, 4, 3, stride=2), nn.Conv2d(4, 5, 1)
    )
    accelerator = template(trace(network), (3, 9, 9), UINT8)
    windows = [node for node in accelerator.nodes if isinstance(node, SlidingWindow)]
    assert [window.pads for window in windows] == [(2, 1, 2, 1), (0, 0, 0, 0)]
    assert [mvau.vectors for mvau in accelerator.mvaus] == [81, 16, 16]


@pytest.fixture(scope="module")
def resnet8():
    network = load_network("resnet8")
    return template(trace(network.initial(0)), network.input_shape, UINT8)


def test_a_residual_network_forks_and_adds(resnet8):
    adds = {node.name: node for node in resnet8.nodes if isinstance(node, Add)}
    assert [(a.channels, a.vectors) for a in adds.values()] == [(16, 1024), (32, 256), (64, 64)]
    assert {name: resnet8.sources_of(add) for name, add in adds.items()} == {
        "add": ("conv.requantize", "stack1.conv2.requantize"),
        "add_1": ("stack2.shortcut.requantize", "stack2.conv2.requantize"),
        "add_2": ("stack3.shortcut.requantize", "stack3.conv2.requantize"),
    }
    assert [node.name for node in resnet8.readers_of("conv.requantize")] == [
        "stack1.conv1.window",
        "add",
    ]
    assert [node.name for node in resnet8.readers_of("add.requantize")] == [
        "stack2.conv1.window",
        "stack2.shortcut.window",
    ]
    assert all(isinstance(resnet8.readers_of(name)[0], Requantize) for name in adds)


def test_an_average_pool_gives_sums(resnet8):
    (pool,) = (node for node in resnet8.nodes if isinstance(node, Pool))
    assert (pool.reduce, pool.kernel, pool.out_elements) == (PoolKind.AVERAGE, (8, 8), 64)
    assert [node.name for node in resnet8.readers_of("pool")] == ["pool.requantize"]
    assert resnet8.sources_of(resnet8.node("fc")) == ("pool.requantize",)


def test_macs_of_resnet8_counted_by_hand(resnet8):
    by_stack = [
        1024 * 27 * 16,
        2 * 1024 * 144 * 16,
        256 * (144 * 32 + 288 * 32 + 16 * 32),
        64 * (288 * 64 + 576 * 64 + 32 * 64),
        640,
    ]
    assert resnet8.macs == sum(by_stack) == 12_501_632


def test_depthwise_convolutions_are_groups_of_one():
    network = load_network("mobilenet-v1")
    accelerator = template(trace(network.initial(0)), network.input_shape, UINT8)
    depthwise = [mvau for mvau in accelerator.mvaus if "depthwise" in mvau.name]
    assert [(m.mw, m.mh, m.groups) for m in depthwise] == [
        (9, channels, channels)
        for channels in (8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256)
    ]
    assert [m.vectors for m in depthwise] == ([2304] + [576] * 2 + [144] * 2 + [36] * 6 + [9] * 2)
    windows = [accelerator.window_of(mvau) for mvau in depthwise]
    assert [window.groups for window in windows] == [mvau.groups for mvau in depthwise]
    assert accelerator.macs == 7_489_664


def scheme(network, weights, acts, unsigned):
    """Return a scheme whose layers take turns with formats, as far as they may differ."""
    group_of = {tensor.name: tensor.group for tensor in network.tensors}
    act_of: dict[str, Format] = {}
    layers = []
    for number, layer in enumerate(network.layers):
        act = parse_format("uint8") if not number else acts[number % len(acts)]
        act = act.unsigned() if unsigned and layer.nonnegative else act
        act = act_of.setdefault(group_of[layer.tensor], act)
        layers.append(LayerScheme(layer=layer.name, weight=weights[number % len(weights)], act=act))
    return Scheme(layers=tuple(layers))


@pytest.mark.parametrize("unsigned", [False, True], ids=["signed", "unsigned"])
@pytest.mark.parametrize("acts", ["e2m1", "int3,e3m2,int4"])
@pytest.mark.parametrize("name", ["resnet8", "mobilenet-v1"])
def test_hardware_has_the_formats_of_the_evaluated_network(seeded, name, acts, unsigned):
    """Those behind additions and average pools, too; and tables of many points agree on costs."""
    network, shape = seeded(name).calibrated.network, load_network(name).input_shape
    shapes = template(network, shape, UINT8)
    wanted = scheme(network, parse_sweep("int4,e2m1"), parse_sweep(acts), unsigned)
    weights, layer_acts = zip(*((x.weight, x.act) for x in wanted.layers), strict=True)
    accelerator = shapes.with_formats(weights, layer_acts)
    built = [node.output for node in accelerator.nodes if isinstance(node, Requantize)]
    evaluated = [act for tensor, act in activation_formats(network, wanted)][1:]
    assert built == evaluated
    assert any(not act.signed for act in built) is unsigned

    formats = sorted({*weights, *layer_acts}, key=lambda known: known.name)
    weight_index, act_index = ([[formats.index(x) for x in row]] for row in (weights, layer_acts))
    foldings = fold(shapes, 400_000)
    table = estimate_points(
        shapes, formats, np.array(weight_index), np.array(act_index), foldings, "ecp5", "none"
    )
    report = estimate(accelerator, foldings, "ecp5", "none").resources
    assert (table.lut[0], table.ff[0], table.bram18[0]) == (report.lut, report.ff, report.bram18)


class Branches(nn.Module):
    """Additions of several kinds, and a tensor that is added without activation."""

    def __init__(self, last):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.last = last

    def forward(self, x):
        a = self.conv1(x)
        b = self.conv2(a) + a
        return self.last(a, b)


def test_a_trailing_addition_gives_the_outputs():
    accelerator = template(trace(Branches(torch.add)), (1, 8, 8), UINT8)
    assert [type(node).__name__ for node in accelerator.nodes] == [
        "SlidingWindow", "Mvau", "Requantize", "SlidingWindow", "Mvau", "Requantize",
        "Add", "Requantize", "Add",
    ]  # fmt: skip
    assert accelerator.sources[-1] == ("conv1.requantize", "add.requantize")
    assert accelerator.sources[0] == (INPUT,)


@pytest.mark.parametrize("kind", [nn.AvgPool2d(4), nn.AdaptiveAvgPool2d(2)], ids=repr)
def test_average_pools_written_in_two_ways(kind):
    accelerator = template(trace(nn.Sequential(nn.Conv2d(1, 2, 1), kind)), (1, 8, 8), UINT8)
    (pool,) = (node for node in accelerator.nodes if isinstance(node, Pool))
    assert (pool.kernel, pool.stride, pool.out_elements) == ((4, 4), (4, 4), 8)


def test_pools_whose_windows_overlap_are_laid_out_in_rows():
    stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    behind = (nn.Conv2d(4, 2, 1), nn.ReLU(), nn.AvgPool2d(2, 1), nn.Flatten(), nn.Linear(18, 2))
    accelerator = template(trace(nn.Sequential(*stem, *behind)), (1, 8, 8), UINT8)
    window, pool = accelerator.node("2.window"), accelerator.node("2")
    assert (window.kernel, window.stride, window.pads) == ((3, 3), (2, 2), (1, 1, 1, 1))
    assert (pool.height, pool.width, pool.kernel, pool.stride) == (16, 9, (1, 9), (1, 9))
    average = accelerator.node("5")
    assert (average.height, average.width, average.out_elements) == (9, 4, 18)
    assert average.accumulator_bits == 11  # four codes of 8 bits, and a sign
    foldings = fold(accelerator, 150)
    assert estimate(accelerator, foldings, "ecp5", "none").resources.lut > 0


def test_codes_made_in_front_of_a_max_pool_may_be_activated_behind_it():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(2, 1, 1))
    accelerator = template(trace(network), (1, 8, 8), UINT8)
    assert [node.name for node in accelerator.nodes] == ["0", "0.requantize", "1", "3"]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.CELU()), r"'_1' \(CELU\) has no hardware cost;"),
        (
            nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), relu=nn.CELU())),
            r"'relu' \(CELU\) has no hardware cost;",
        ),
        (nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3)), r"'_0' \(ReLU\) .* codes are read"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2, ceil_mode=True)), "ceil_mode"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(4, ceil_mode=True)), "ceil_mode"),
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2, padding=1, count_include_pad=False)),
            "pool '1' divides by the number of pixels",
        ),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(4)), "pool '1' divides"),
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(3, 2, 1), nn.Conv2d(2, 1, 1)),
            "'1' has windows that overlap and are padded with 0",
        ),
        (Branches(lambda a, b: b + a.amax((2, 3), keepdim=True)), r"'amax' \(amax\)"),
        (Branches(lambda a, b: b + nn.functional.max_pool2d(a, 8)), r"\(4, 1, 1\)"),
        (Branches(lambda a, b: b + a[:, : b.shape[1]]), "takes the shape of 'add' while the"),
        (Branches(lambda a, b: b + a.view(b.size(0), 4, 8, 8)), "takes the shape of 'add'"),
    ],
)
def test_what_has_no_cost_is_named(network, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        template(trace(network), (1, 8, 8), UINT8)
