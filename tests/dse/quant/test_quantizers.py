"""Brevitas against our own formats: two independent implementations of the same grids."""

import brevitas.nn as qnn
import numpy as np
import pytest
import torch

from dse.errors import FormatError
from dse.formats import default_sweep, parse_format, parse_sweep
from dse.quant.quantizers import activation_quantizer, weight_quantizer

FORMATS = [
    *default_sweep(),
    *parse_sweep("uint3,uint8,int4n,ue4m4,ue2m1,e4m3fn,e5m2ieee,e4m3fnuz,e4m3b5"),
]
SCALE = 0.0371  # not a power of two


def values() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    wide = torch.randn(4000, generator=generator) * torch.logspace(-6, 5, 4000)
    return torch.cat([wide, torch.zeros(1)]) * SCALE


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_brevitas_activations_equal_the_format(number_format):
    quantizer = qnn.QuantIdentity(act_quant=activation_quantizer(number_format, SCALE)).eval()
    x = values()
    scale = np.float32(SCALE)
    expected = number_format.quantize(x.numpy() / scale) * scale
    np.testing.assert_array_equal(quantizer(x).detach().numpy(), expected)


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_brevitas_weights_equal_the_format_per_channel(number_format):
    scales = torch.tensor([0.01, 0.3])
    layer = qnn.QuantLinear(
        4001, 2, bias=False, weight_quant=weight_quantizer(number_format, scales[:, None])
    )
    weight = torch.stack([values(), values().flip(0)])
    layer.load_state_dict({"weight": weight}, strict=False)
    expected = number_format.quantize((weight / scales[:, None]).numpy()) * scales.numpy()[:, None]
    np.testing.assert_array_equal(layer.quant_weight().value.detach().numpy(), expected)


@pytest.mark.parametrize(
    ("name", "largest"), [("e4m3", 480.0), ("e5m2", 114688.0), ("e4m3fn", 448.0)]
)
def test_the_largest_code_of_brevitas_is_ours(name, largest):
    quantizer = qnn.QuantIdentity(act_quant=activation_quantizer(parse_format(name), 1.0)).eval()
    assert quantizer(torch.tensor([1e9])).item() == largest == parse_format(name).max


def test_int1_is_refused_by_name():
    with pytest.raises(FormatError, match="uint1"):
        activation_quantizer(parse_format("uint1"), 1.0)
