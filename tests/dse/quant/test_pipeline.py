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
