"""Methods that choose activation scales."""

import pytest
import torch
from torch.nn import functional as F

from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.quant.calibration import activation_scale
from dse.quant.pipeline import prepare
from dse.quant.ptq import prediction_difference
from dse.quant.quantizer import Quantizer
from dse.recipe import Recipe


def scheme(calibrated, name, **changes):
    formats = parse_format("int8"), parse_format(name), parse_format("uint5")
    return Scheme.uniform(calibrated.network.layer_names, *formats, **changes)


def scales(network):
    return {
        name: float(network.module.get_submodule(name).act_quant.scale())
        for name in network.formats
    }


def test_tensors_that_are_added_keep_their_own_sign_and_one_scale(seeded):
    source = seeded("resnet8")
    network = prepare(source.calibrated, source.scheme("int4", unsigned=True))
    chosen = prediction_difference.choose_scales(network, source.calibrated, 0)
    found = scales(chosen)
    assert found["relu_quant"] == found["stack1_conv2_quant"]
    assert found != scales(network)
    signs = {name: chosen.formats[name].signed for name in ("relu_quant", "stack1_conv2_quant")}
    assert signs == {"relu_quant": False, "stack1_conv2_quant": True}
    with torch.no_grad():
        module = chosen.module.get_submodule("relu_quant")
        assert float(module(torch.full((1,), 1e6))) == pytest.approx(15 * found["relu_quant"])


@pytest.mark.parametrize("method", ["absmax", "percentile"])
def test_scales_are_those_of_calibration(calibrated, method):
    wanted = Quantization(scheme=scheme(calibrated, "e2m1"), recipe=Recipe((method,)))
    found = scales(Quantizer(calibrated=calibrated, seed=0).quantized(wanted))
    for tensor in calibrated.network.tensors:
        if tensor.name == calibrated.network.input:
            assert found[f"{tensor.name}_quant"] == calibrated.input_scale
        else:
            expected = activation_scale(
                calibrated.histograms[tensor.group], parse_format("e2m1"), method, "float32"
            )
            assert found[f"{tensor.name}_quant"] == pytest.approx(expected, rel=1e-6)


@torch.no_grad()
def test_the_first_scale_is_the_candidate_with_the_least_divergence(calibrated):
    network = prepare(calibrated, scheme(calibrated, "int3"))
    found = scales(prediction_difference.choose_scales(network, calibrated, 0))
    before = scales(network)
    (first, *_) = [name for name in before if name != f"{calibrated.network.input}_quant"]
    images = torch.cat(calibrated.images)
    module, floats = network.module, calibrated.network.module
    wanted = F.log_softmax(floats(images), dim=1)

    def divergence(scale):
        """Everything up to the first tensor quantized, and it; the rest in float."""
        x = module.get_submodule("conv1")(images)
        x = module.get_submodule("relu1")(x)
        x = network.with_scales({first: scale}).module.get_submodule(first)(x)
        for name in ("pool1", "conv2", "relu2", "conv3", "pool3", "flatten", "fc1", "relu4", "fc2"):
            x = floats.get_submodule(name)(x)
        return float(
            F.kl_div(F.log_softmax(x, dim=1), wanted, reduction="batchmean", log_target=True)
        )

    assert first == "relu1_quant"
    candidates = [before[first] * 2 ** (k / 8) for k in range(-8, 5)]
    assert found[first] == pytest.approx(min(candidates, key=divergence), rel=1e-5)
    assert found[f"{calibrated.network.input}_quant"] == calibrated.input_scale


def test_tensors_that_are_added_keep_one_scale(seeded):
    source = seeded("resnet8")
    calibrated = source.calibrated
    network = prepare(calibrated, source.scheme("int4", unsigned=False))
    found = scales(prediction_difference.choose_scales(network, calibrated, 0))
    groups = {}
    for tensor in calibrated.network.tensors:
        groups.setdefault(tensor.group, set()).add(found[f"{tensor.name}_quant"])
    assert all(len(values) == 1 for values in groups.values())
    assert any(
        sum(tensor.group == group for tensor in calibrated.network.tensors) > 1 for group in groups
    )
    assert found != scales(network)
