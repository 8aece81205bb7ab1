import pytest
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.formats import parse_format
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.graph import Mvau, Pool, Requantize, SlidingWindow

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
        SlidingWindow, Mvau, Requantize, Pool,
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


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2)), r"'_1' \(AvgPool2d\)"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2, ceil_mode=True)), "ceil_mode"),
    ],
)
def test_what_has_no_cost_is_named(network, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        template(trace(network), (1, 8, 8), UINT8)
