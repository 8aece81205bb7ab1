"""The vision transformer in every format of four bits, frozen and after every recipe."""

import copy

import numpy as np
import pytest
import torch

from dse.formats import parse_format, parse_sweep
from dse.models import load_network
from dse.models.seeded import seeded_images, seeded_network
from dse.point import Quantization, Scheme
from dse.quant.fast import freeze
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.ptq import METHODS
from dse.quant.quantizer import Quantizer
from dse.quant.regions import regions_of, rescale
from dse.quant.trace import trace
from dse.recipe import Recipe

FORMATS = parse_sweep("int4,minifloat4")


@pytest.fixture(scope="module")
def vit():
    network = load_network("fmnist-vit")
    images = seeded_images(12, network.input_shape, seed=0) / 255
    return seeded_network(network, images, seed=0), images


@pytest.fixture(scope="module", params=["float", "quantized"])
def calibrated(vit, request):
    module, images = vit
    traced = trace(module, host=request.param)
    return CalibratedNetwork.from_images(traced, images.split(6), 1 / 255)


def scheme(calibrated, number_format):
    layers = calibrated.network.layer_names
    return Scheme.uniform(layers, number_format, number_format, parse_format("uint8"))


def relative_error(found, wanted):
    return float((found - wanted).square().mean() / wanted.square().mean())


@torch.no_grad()
def test_tracing_changes_no_output(vit, calibrated):
    module, images = vit
    assert torch.equal(calibrated.network.module(images), module(images))


@torch.no_grad()
@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_every_format_of_four_bits_is_frozen_bit_by_bit(vit, calibrated, number_format):
    module, images = vit
    network = prepare(calibrated, scheme(calibrated, number_format))
    found = network.module(images)
    assert torch.equal(freeze(network)(images), found)
    eight_bits = prepare(calibrated, scheme(calibrated, parse_format("int8"))).module(images)
    wanted = module(images)
    assert relative_error(eight_bits, wanted) < 1e-3 < relative_error(found, wanted) < 0.5


@torch.no_grad()
@pytest.mark.parametrize("calibrated", ["float"], indirect=True)
@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_runs_and_freezes(vit, calibrated, method):
    module, images = vit
    quantizer = Quantizer(calibrated=calibrated, seed=0)
    wanted = scheme(calibrated, parse_format("e2m1"))
    network = quantizer.quantized(Quantization(scheme=wanted, recipe=Recipe((method,))))
    found = network.module(images)
    assert torch.equal(freeze(network)(images), found)
    assert relative_error(found, module(images)) < 0.5


@torch.no_grad()
def test_factors_move_from_layer_norm_into_the_layers_behind(vit):
    module, images = vit
    changed = copy.deepcopy(trace(module).module)
    regions = regions_of(changed)
    assert [(region.norms, region.sinks) for region in regions] == [
        ((f"block{number}.{norm}",), (f"block{number}.{layer}",))
        for number in range(1, 4)
        for norm, layer in (("norm1", "attention.qkv"), ("norm2", "fc1"))
    ]
    rng = np.random.default_rng(0)
    for region in regions:
        rescale(changed, region, np.exp(rng.normal(size=region.channels)))
    torch.testing.assert_close(changed(images), module(images), rtol=1e-4, atol=1e-5)
    before = module.get_submodule("block1.norm1").weight
    assert not torch.equal(changed.get_submodule("block1.norm1").weight, before)


@torch.no_grad()
def test_vectors_that_are_flattened_together_are_no_region():
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(18, 2)
    )
    assert regions_of(trace(network).module) == ()
