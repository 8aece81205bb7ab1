"""Networks whose scales are trained: what they compute, what gradients reach, what is shared."""

import brevitas.nn as qnn
import pytest
import torch

from dse.formats import default_sweep, parse_format
from dse.point import Scheme
from dse.quant.fast import freeze
from dse.quant.pipeline import prepare
from dse.quant.qat.trainable import constant, trainable

INPUT = parse_format("uint5")
SWEEP = default_sweep()


def uniform(calibrated, weight, act, **options):
    return Scheme.uniform(calibrated.network.layer_names, weight, act, INPUT, **options)


def scales(module):
    return {name: p for name, p in module.named_parameters() if "scaling_impl" in name}


@pytest.mark.parametrize("number_format", SWEEP, ids=lambda f: f.name)
def test_constant_and_trained_scales_compute_the_same(calibrated, images, number_format):
    scheme = uniform(calibrated, number_format, number_format)
    network = prepare(calibrated, scheme)
    with torch.no_grad():
        expected = network.module(images)
        same = constant(network, calibrated.network)
        assert torch.equal(freeze(same)(images), expected)
        trained = trainable(network, calibrated.network, trains_scales=True)
        back = constant(trained, calibrated.network)
        assert torch.equal(freeze(back)(images), trained.module(images))


@pytest.mark.parametrize("options", [{"granularity": "per_tensor"}, {"edge": parse_format("int8")}])
def test_options_of_a_scheme_are_kept(calibrated, images, options):
    scheme = uniform(calibrated, parse_format("e2m1"), parse_format("int4"), **options)
    network = prepare(calibrated, scheme)
    with torch.no_grad():
        back = constant(
            trainable(network, calibrated.network, trains_scales=True),
            calibrated.network,
        )
        ours, theirs = (n.module.get_submodule("conv2").quant_weight() for n in (back, network))
    assert ours.scale.shape == theirs.scale.shape
    torch.testing.assert_close(ours.scale, theirs.scale)


@pytest.mark.parametrize("name", ["int4", "e2m1", "e2m0"])
def test_gradients_reach_all_weights_and_all_scales_but_the_inputs(calibrated, images, name):
    number_format = parse_format(name)
    scheme = uniform(calibrated, number_format, number_format)
    network = trainable(prepare(calibrated, scheme), calibrated.network, trains_scales=True)
    network.module(images).square().mean().backward()
    parameters = dict(network.module.named_parameters())
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in parameters.values())
    trained = scales(network.module)
    layers, tensors = len(calibrated.network.layers), len(calibrated.network.tensors)
    assert len(trained) == layers + tensors - 1
    assert not any(name.startswith(calibrated.network.input) for name in trained)


def test_scales_can_be_left_alone(calibrated):
    scheme = uniform(calibrated, parse_format("int4"), parse_format("int4"))
    network = trainable(prepare(calibrated, scheme), calibrated.network, trains_scales=False)
    assert not scales(network.module)


@pytest.mark.parametrize("unsigned", [False, True])
@pytest.mark.parametrize("name", ["int4", "e2m1"])
def test_tensors_that_are_added_train_one_scale(seeded, name, unsigned):
    network = seeded("resnet8")
    scheme = network.scheme(name, unsigned=unsigned)
    traced = network.calibrated.network
    prepared = prepare(network.calibrated, scheme)
    trained = trainable(prepared, traced, trains_scales=True)
    far = torch.full((1,), 1e6)
    for tensor in traced.tensors:  # each saturates where it did, with a sign or without
        before, after = (
            float(each.module.get_submodule(f"{tensor.name}_quant")(far).detach())
            for each in (prepared, trained)
        )
        assert after == pytest.approx(before, rel=1e-5)
    groups = {}
    for tensor in traced.tensors:
        quantizer = trained.module.get_submodule(f"{tensor.name}_quant")
        assert isinstance(quantizer, qnn.QuantIdentity)
        scale = quantizer.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl
        groups.setdefault(tensor.group, []).append(scale)
    assert any(len(members) > 1 for members in groups.values())
    assert all(member is members[0] for members in groups.values() for member in members)
    assert len({id(members[0]) for members in groups.values()}) == len(groups)
