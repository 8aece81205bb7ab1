import copy

import brevitas.nn as qnn
import pytest
import torch

from dse.errors import DesignError, FormatError, UnsupportedLayerError
from dse.formats import parse_format
from dse.point import LayerScheme, Scheme
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace

INT4, E2M1, INPUT = parse_format("int4"), parse_format("e2m1"), parse_format("uint5")


def mixed(names, weights, acts):
    return Scheme(
        layers=tuple(
            LayerScheme(layer=n, weight=parse_format(w), act=parse_format(a))
            for n, w, a in zip(names, weights, acts, strict=True)
        )
    )


def test_each_layer_gets_its_own_formats(calibrated):
    names = calibrated.network.layer_names
    network = prepare(
        calibrated,
        mixed(
            names,
            ["int3", "e2m1", "int8", "e4m3", "int4"],
            ["uint5", "e3m2", "int8", "int6", "e2m1"],
        ),
    )
    assert {name: f.name for name, f in network.formats.items()} == {
        "input_1_quant": "uint5",
        "relu1_quant": "e3m2",
        "relu2_quant": "int8",
        "conv3_quant": "int6",
        "relu4_quant": "e2m1",
    }
    conv1 = network.module.get_submodule("conv1")
    assert isinstance(conv1, qnn.QuantConv2d)
    codes = conv1.quant_weight().value / conv1.quant_weight().scale
    assert codes.abs().max() == 3  # narrow range: -3..3
    assert torch.equal(codes.round(), codes)


def test_a_scheme_for_another_network_is_refused(calibrated):
    with pytest.raises(DesignError, match="the scheme is for layers a, b; the network has conv1"):
        prepare(calibrated, Scheme.uniform(["a", "b"], INT4, INT4, INPUT))


def test_layers_that_share_a_tensor_must_agree_on_its_format(images):
    class Fork(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Linear(8, 4), torch.nn.Linear(8, 4)

        def forward(self, x):
            return self.a(x) + self.b(x)

    calibrated = CalibratedNetwork.from_images(trace(Fork()), [images], 1 / 16)
    with pytest.raises(DesignError, match=r"'b' wants int4 inputs, .* in uint5"):
        prepare(calibrated, mixed(["a", "b"], ["int4", "int4"], ["uint5", "int4"]))


def test_a_format_brevitas_cannot_express_is_named(calibrated):
    with pytest.raises(FormatError, match="uint1"):
        prepare(
            calibrated,
            Scheme.uniform(calibrated.network.layer_names, INT4, parse_format("uint1"), INPUT),
        )


def test_padding_that_is_not_zero_is_refused(images):
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"))
    calibrated = CalibratedNetwork.from_images(trace(network), [images], 1 / 16)
    with pytest.raises(UnsupportedLayerError, match="layer '0' pads with mode 'reflect'"):
        prepare(calibrated, Scheme.uniform(["0"], INT4, INT4, INPUT))


def test_preparing_draws_no_random_numbers(calibrated):
    state = torch.get_rng_state()
    names = calibrated.network.layer_names
    prepare(calibrated, Scheme.uniform(names, parse_format("int7"), E2M1, INPUT))
    assert torch.equal(torch.get_rng_state(), state)


def quantizers(network):
    """Return scale and format of every tensor's quantizer."""
    return {
        name.removesuffix("_quant"): (
            float(network.module.get_submodule(name).act_quant.scale()),
            number_format.name,
        )
        for name, number_format in network.formats.items()
    }


def test_tensors_that_are_added_share_scale_and_format_but_no_module(seeded):
    source = seeded("resnet8")
    network = prepare(source.calibrated, source.scheme("int4", unsigned=False))
    found = quantizers(network)
    joined = [
        ("relu", "stack1_conv2"),
        ("stack2_conv2", "stack2_shortcut"),
        ("stack3_conv2", "stack3_shortcut"),
    ]
    for a, b in joined:
        assert found[a] == found[b]
        modules = [network.module.get_submodule(f"{name}_quant") for name in (a, b)]
        assert modules[0] is not modules[1]
    assert len({scale for scale, _ in found.values()}) == len(found) - len(joined)


@pytest.mark.parametrize(("name", "counterpart"), [("int4", "uint4"), ("e2m1", "ue2m2")])
def test_only_tensors_that_are_never_negative_lose_their_sign(seeded, name, counterpart):
    source = seeded("resnet8")
    network = prepare(source.calibrated, source.scheme(name, unsigned=True))
    found = quantizers(network)
    assert found["relu"][0] == found["stack1_conv2"][0]  # they are added: one scale
    formats = {tensor: format_name for tensor, (_, format_name) in found.items()}
    signed = {tensor for tensor, format_name in formats.items() if format_name == name}
    assert signed == {
        "stack1_conv2", "stack2_conv2", "stack2_shortcut", "stack3_conv2", "stack3_shortcut",
    }  # fmt: skip
    others = {tensor: name for tensor, name in formats.items() if tensor not in signed}
    assert others.pop("input_1") == "uint8"
    assert set(others.values()) == {counterpart}


def test_layers_whose_inputs_are_added_must_agree_on_their_format(seeded):
    source = seeded("resnet8")
    names = source.calibrated.network.layer_names
    acts = ["int5" if name == "stack3.shortcut" else "int4" for name in names]
    with pytest.raises(DesignError, match=r"'stack3.shortcut' wants int5 inputs, .* in int4"):
        prepare(source.calibrated, mixed(names, ["int4"] * len(names), acts))


def test_layers_whose_inputs_are_added_may_differ_in_the_sign(seeded):
    source = seeded("resnet8")
    names = source.calibrated.network.layer_names
    scheme = mixed(names, ["int4"] * len(names), ["int4"] * len(names))
    signed = quantizers(prepare(source.calibrated, scheme))
    acts = ["uint4" if name == "stack1.conv1" else "int4" for name in names]
    found = quantizers(prepare(source.calibrated, mixed(names, ["int4"] * len(names), acts)))
    changed = {name for name in found if found[name] != signed[name]}
    assert changed == {"relu"}
    assert found["relu"] == (signed["relu"][0], "uint4")  # the scale of the signed one


def test_what_no_layer_multiplies_takes_the_format_of_what_it_becomes(seeded):
    source = seeded("resnet8")
    names = source.calibrated.network.layer_names
    acts = ["e3m2" if name == "fc" else "int4" for name in names]
    network = prepare(source.calibrated, mixed(names, ["int4"] * len(names), acts))
    e3m2 = {name for name, (_, number_format) in quantizers(network).items()
            if number_format == "e3m2"}  # fmt: skip
    assert e3m2 == {"stack3_conv2", "stack3_shortcut", "stack3_relu2", "pool"}


def test_behind_the_last_layer_codes_have_8_bits(images):
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 1), torch.nn.AdaptiveAvgPool2d(1))
    calibrated = CalibratedNetwork.from_images(trace(network), [images], 1 / 16)
    quantized = prepare(calibrated, Scheme.uniform(["0"], INT4, INT4, INPUT))
    assert [f.name for f in quantized.formats.values()] == ["uint5", "int8"]


@torch.no_grad()
def codes_used(network, images):
    """Return the share of its codes that each quantizer gives.

    Tensors that are added count together where they have one format.
    """
    given: dict[tuple[float, str], set[float]] = {}
    n_codes: dict[tuple[float, str], int] = {}
    keys = quantizers(network)
    for name, number_format in network.formats.items():
        key = keys[name.removesuffix("_quant")]
        n_codes[key] = number_format.n_codes

        def record(_module, _inputs, output, key=key):
            given.setdefault(key, set()).update(torch.unique(output + 0.0).tolist())

        network.module.get_submodule(name).register_forward_hook(record)
    network.module(images)
    return {key: len(values) / n_codes[key] for key, values in given.items()}


@pytest.mark.parametrize("name", ["int4", "e2m1"])
@pytest.mark.parametrize("model", ["resnet8", "mobilenet-v1", "ds-cnn"])
def test_seeded_networks_use_their_codes(seeded, model, name):
    source = seeded(model)
    network = prepare(source.calibrated, source.scheme(name, unsigned=True))
    network = copy.deepcopy(network)  # the hooks stay here
    used = codes_used(network, source.images)
    tensors = source.calibrated.network.tensors
    assert len(used) == len({(tensor.group, tensor.nonnegative) for tensor in tensors})
    assert min(used.values()) >= 0.6
