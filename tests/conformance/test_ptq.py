"""Every post-training method in the registry works for every format of the default sweep."""

from dataclasses import replace

import brevitas.nn as qnn
import numpy as np
import pytest
import torch

from dse.formats import default_sweep, parse_format
from dse.models import load_network
from dse.models.seeded import seeded_images, seeded_network
from dse.point import Quantization, Scheme
from dse.quant.fast import freeze
from dse.quant.layers import read_layer
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.ptq import METHODS, FloatMethod, QuantizedMethod, Stage
from dse.quant.quantizer import Quantizer
from dse.quant.trace import trace
from dse.recipe import Recipe

FORMATS = [item.name for item in default_sweep()]
INT8 = parse_format("int8")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def seeded_cnn() -> CalibratedNetwork:
    network = load_network("digits-cnn")
    images = seeded_images(40, network.input_shape, seed=0) / 255
    traced = trace(seeded_network(network, images, seed=0))
    return CalibratedNetwork.from_images(traced, images.split(20), 1 / 255)


@pytest.fixture(scope="module")
def quantizer() -> Quantizer:
    return Quantizer(calibrated=seeded_cnn(), seed=0)


def scheme(weight: str, act: str, **changes: str) -> Scheme:
    layers = ("conv1", "conv2", "fc")
    formats = parse_format(weight), parse_format(act), parse_format("uint8")
    return replace(Scheme.uniform(layers, *formats), **changes)


def numbers(network: QuantizedNetwork) -> list[np.ndarray]:
    """Return everything a recipe may decide: codes, scales, biases, scales of activations."""
    found = []
    for wanted in network.scheme.layers:
        layer = network.module.get_submodule(wanted.layer)
        read = read_layer(layer, wanted.weight.narrow())
        found += [read.codes(), read.scales, read.bias]
    for name in network.formats:
        found.append(network.module.get_submodule(name).act_quant.scale().detach().numpy())
    return found


@pytest.fixture(params=list(METHODS))
def name(request):
    return request.param


def test_methods_name_their_source(name):
    assert len(METHODS[name].source) > 20
    assert isinstance(METHODS[name], FloatMethod | QuantizedMethod)


@pytest.mark.parametrize("number_format", FORMATS)
def test_a_method_gives_a_network_of_the_scheme(quantizer, name, number_format):
    wanted = Quantization(scheme=scheme(number_format, number_format), recipe=Recipe((name,)))
    network = quantizer.quantized(wanted)
    plain = prepare(quantizer.calibrated, wanted.scheme)
    assert network.formats == plain.formats
    assert network.scheme == wanted.scheme
    for layer in wanted.scheme.layers:
        made = network.module.get_submodule(layer.layer)
        assert isinstance(made, qnn.QuantConv2d | qnn.QuantLinear)
        read = read_layer(made, layer.weight.narrow())
        assert np.isin(read.codes(), layer.weight.narrow().grid()).all()
        assert np.array_equal(
            made.quant_weight().value.detach().flatten(1).numpy(), read.quantized()
        )
        assert all(np.isfinite(values).all() for values in (read.weight, read.scales, read.bias))
        assert len(read.scales) == len(read.weight)
        assert (read.scales > 0).all()


@torch.no_grad()
def test_the_frozen_network_equals_the_brevitas_network(quantizer, name):
    wanted = Quantization(scheme=scheme("e2m1", "int4"), recipe=Recipe((name,)))
    network = quantizer.quantized(wanted)
    batch = quantizer.calibrated.images[0]
    assert torch.equal(freeze(network)(batch), network.module(batch))


def test_a_method_leaves_what_it_was_given_alone_and_repeats_itself(quantizer, name):
    wanted = Quantization(scheme=scheme("int4", "e2m1"), recipe=Recipe((name,)))
    plain = Quantization(scheme=wanted.scheme)
    before = [value.copy() for value in numbers(quantizer.quantized(plain))]
    first = numbers(quantizer.quantized(wanted))
    assert all(map(np.array_equal, before, numbers(quantizer.quantized(plain))))
    again = Quantizer(calibrated=seeded_cnn(), seed=0)
    assert all(map(np.array_equal, first, numbers(again.quantized(wanted))))


@pytest.mark.parametrize(
    "changes",
    [{"granularity": "per_tensor"}, {"scale": "power_of_two"}],
    ids=["one scale a tensor", "powers of two"],
)
def test_a_method_keeps_to_the_scales_that_are_allowed(quantizer, name, changes):
    wanted = Quantization(scheme=scheme("int4", "int4", **changes), recipe=Recipe((name,)))
    network = quantizer.quantized(wanted)
    for layer in wanted.scheme.layers:
        scales = read_layer(network.module.get_submodule(layer.layer), layer.weight.narrow()).scales
        if "granularity" in changes:
            assert len(scales) == 1
        else:
            assert np.array_equal(scales, 2.0 ** np.round(np.log2(scales)))
    if "scale" in changes:
        for tensor in list(network.formats)[1:]:
            scale = float(network.module.get_submodule(tensor).act_quant.scale())
            assert np.log2(scale) == round(np.log2(scale))


@torch.no_grad()
def test_methods_for_the_float_network_keep_its_function(quantizer, name):
    method = METHODS[name]
    if not isinstance(method, FloatMethod):
        return
    rewritten = method.apply(quantizer.calibrated)
    for batch in quantizer.calibrated.images:
        before, after = quantizer.calibrated.network.module(batch), rewritten.network.module(batch)
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


@torch.no_grad()
def test_methods_bring_the_logits_nearer_to_the_float_networks(quantizer, name):
    """Of 3- and 4-bit networks, on the images they were made with, as a mean over formats.

    Equalization and other ranges need not help a network that is well-conditioned as it is.
    """
    if METHODS[name].stage < Stage.ROUNDING:
        return
    images = torch.cat(quantizer.calibrated.images)
    wanted = quantizer.calibrated.network.module(images)

    def error(recipe: Recipe, number_format: str) -> float:
        chosen = Quantization(scheme=scheme(number_format, number_format), recipe=recipe)
        found = quantizer.quantized(chosen).module(images)
        return float((found - wanted).square().mean() / wanted.var())

    names = ("int3", "int4", "e2m0", "e2m1", "e3m0")
    ratios = [error(Recipe((name,)), item) / error(Recipe(), item) for item in names]
    assert np.exp(np.mean(np.log(ratios))) < 1.0
