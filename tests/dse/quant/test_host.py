"""What hardware does of a transformer and what a host does: counted, and refused as hardware."""

import pytest
import torch
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.formats import parse_format
from dse.models import load_network
from dse.point import Scheme
from dse.quant.export import export_qonnx
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.partial import PartialAccelerator

UINT8 = parse_format("uint8")
TOKENS, WIDTH, HEADS, HIDDEN = 49, 64, 4, 128


@pytest.fixture(scope="module")
def vit():
    network = load_network("fmnist-vit")
    return template(trace(network.initial(0)), network.input_shape, UINT8)


def test_layers_and_products_counted_by_hand(vit):
    block = TOKENS * (WIDTH * 3 * WIDTH + WIDTH * WIDTH + 2 * WIDTH * HIDDEN)
    products = 2 * HEADS * TOKENS * TOKENS * (WIDTH // HEADS)
    assert isinstance(vit, PartialAccelerator)
    assert vit.macs == TOKENS * 16 * WIDTH + 3 * (block + products) + WIDTH * 10
    assert [(p.unit.mw, p.unit.mh, p.unit.vectors) for p in vit.products] == [
        (16, 49, 196),
        (49, 16, 196),
    ] * 3
    # shares are never negative; queries, keys and values may be
    assert [(p.first.signed, p.second.signed) for p in vit.products] == [
        (True, True),
        (False, True),
    ] * 3
    assert {vit.mvaus[p.first.layer].name for p in vit.products} == {
        f"block{number}.attention.projection" for number in (1, 2, 3)
    }
    assert vit.mvaus[0].act == UINT8
    window = vit.window_of(vit.mvaus[0])
    assert (window.kernel, window.stride, window.act) == ((4, 4), (4, 4), UINT8)


def test_the_hosts_part_counted_by_hand(vit):
    stream, scores = TOKENS * WIDTH, HEADS * TOKENS * TOKENS
    by_function = {}
    for node in vit.host:
        by_function.setdefault(node.function, []).append(node.macs)
    assert by_function == {
        "add": [stream] * 7,  # positions, and two a block
        "LayerNorm": [3 * stream] * 7,
        "mul": [scores] * 3,
        "Softmax": [2 * scores] * 3,
        "GELU": [2 * TOKENS * HIDDEN] * 3,
        "mean": [stream],
    }
    host = sum(map(sum, by_function.values()))
    assert vit.coverage_pct == pytest.approx(100 * vit.macs / (vit.macs + host))


def test_a_network_without_such_functions_is_whole():
    network = load_network("digits-cnn")
    whole = template(trace(network.initial(0)), network.input_shape, UINT8)
    assert not isinstance(whole, PartialAccelerator)


def test_one_gelu_makes_a_network_partial():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(144, 3))
    found = template(trace(network), (1, 8, 8), UINT8)
    assert [(node.function, node.macs) for node in found.host] == [("GELU", 2 * 144)]


class Unknown(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.fc2(torch.erfinv(nn.functional.gelu(self.fc1(torch.flatten(x, 1)))))


def test_an_unknown_function_is_named():
    with pytest.raises(UnsupportedLayerError, match=r"'erfinv' \(erfinv\) has no hardware cost"):
        template(trace(Unknown()), (1, 8, 8), UINT8)


@pytest.mark.parametrize("name", ["int4", "e2m1"])
def test_export_names_the_first_node_in_scope_host(name):
    network = load_network("fmnist-vit")
    images = torch.rand(2, *network.input_shape, generator=torch.Generator().manual_seed(0))
    traced = trace(network.initial(0))
    calibrated = CalibratedNetwork.from_images(traced, [images], 1 / 255)
    formats = [parse_format(name)] * 2
    quantized = prepare(calibrated, Scheme.uniform(traced.layer_names, *formats, UINT8))
    with pytest.raises(UnsupportedLayerError) as refused:
        export_qonnx(quantized, network.input_shape)
    assert str(refused.value).startswith(
        "node 'block1.norm1' (LayerNorm) is in scope 'host': it has no hardware"
    )
