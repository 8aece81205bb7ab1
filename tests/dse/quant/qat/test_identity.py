"""Our activation quantizer in training against Brevitas' own, and against what it means."""

import brevitas.nn as qnn
import pytest
import torch

from dse.formats import IntFormat, default_sweep, parse_format
from dse.quant.qat.identity import TrainedIdentity
from dse.quant.quantizers import activation_quantizer

FORMATS = [*default_sweep(), *map(parse_format, ("uint4", "ue3m2", "int2"))]
SCALE = 0.37


def passed(module, values, weight):
    """Return a module's result, and the gradients of its input and of its scale's log2."""
    x = values.clone().requires_grad_()
    out = module(x)
    out = out.value if hasattr(out, "value") else out
    (out * weight).sum().backward()
    (scale,) = module.parameters()
    return out.detach(), x.grad, scale.grad


def straight_through(values, weight, quantized, top_step):
    """Return the gradients by autograd, of rounding written as a constant that is added."""
    x = values.clone().requires_grad_()
    log2_scale = torch.tensor(SCALE).log2().requires_grad_()
    scale = log2_scale.exp2()
    codes = quantized / SCALE
    saturates = ((x / SCALE) - codes).abs() > top_step / 2
    rounding = (codes - x / SCALE).detach()
    out = torch.where(saturates, codes, x / scale + rounding) * scale
    (out * weight).sum().backward()
    return x.grad, log2_scale.grad


@pytest.fixture(params=FORMATS, ids=lambda f: f.name)
def number_format(request):
    return request.param


@pytest.fixture
def values(number_format):
    """Values beyond the range, within it, and near 0."""
    generator = torch.Generator().manual_seed(1)
    reach = torch.tensor([1.2 * number_format.max, 3.0, 0.5]) * SCALE
    return (torch.rand(5, 400, 3, generator=generator) * 2 - 1) * reach


@pytest.fixture
def weight(values):
    return torch.randn(values.shape, generator=torch.Generator().manual_seed(2))


def brevitas(number_format):
    quantizer = activation_quantizer(number_format, SCALE, is_trained=True)
    return qnn.QuantIdentity(act_quant=quantizer)


def test_values_are_those_of_brevitas_and_so_are_gradients_of_integers(
    number_format, values, weight
):
    ours = passed(TrainedIdentity(number_format, SCALE, is_trained=True), values, weight)
    theirs = passed(brevitas(number_format), values, weight)
    assert torch.equal(ours[0], theirs[0])
    if isinstance(number_format, IntFormat):  # Brevitas lets a minifloat's step have gradients too
        torch.testing.assert_close(ours[1], theirs[1], rtol=1e-6, atol=0)
        torch.testing.assert_close(ours[2], theirs[2], rtol=1e-4, atol=1e-2)


def test_gradients_pass_straight_through_rounding(number_format, values, weight):
    module = TrainedIdentity(number_format, SCALE, is_trained=True)
    quantized, of_x, of_scale = passed(module, values, weight)
    top, below = number_format.max, sorted(number_format.grid())[-2]
    expected = straight_through(values, weight, quantized, top - below)
    torch.testing.assert_close(of_x, expected[0], rtol=1e-6, atol=0)
    torch.testing.assert_close(of_scale, expected[1], rtol=1e-4, atol=1e-2)
