"""SQNR of layers against the Brevitas layers and the network's own activations."""

import math

import numpy as np
import pytest
import torch

from dse.formats import parse_format, parse_sweep
from dse.metrics import sqnr_db
from dse.point import Scheme
from dse.quant.calibration import activation_scale
from dse.quant.pipeline import prepare
from dse.quant.sensitivity import Sensitivity

FORMATS = parse_sweep("int4,e2m1,e2m0,int8,e4m3")


@pytest.mark.parametrize("granularity", ["per_channel", "per_tensor"])
@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_weights_are_those_of_the_brevitas_layers(calibrated, number_format, granularity):
    network = calibrated.network
    scheme = Scheme.uniform(
        network.layer_names, number_format, number_format, parse_format("uint5"),
        granularity=granularity,
    )  # fmt: skip
    module = prepare(calibrated, scheme).module
    found = Sensitivity(calibrated, granularity=granularity)
    for name in network.layer_names:
        layer = module.get_submodule(name)
        expected = sqnr_db(layer.weight.detach(), layer.quant_weight().value.detach())
        assert found.weight_sqnr_db(name, number_format) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_inputs_are_those_of_the_calibration_images(calibrated, images, number_format):
    network = calibrated.network
    with torch.no_grad():
        pooled = network.module.pool1(network.module.relu1(network.module.conv1(images)))
        values = network.module.relu2(network.module.conv2(pooled)).numpy()
    (tensor,) = (layer.tensor for layer in network.layers if layer.name == "conv3")
    scale = np.float32(
        activation_scale(calibrated.histograms[tensor], number_format, "mse", "float32")
    )
    expected = sqnr_db(values, number_format.quantize(values / scale) * scale)
    found = Sensitivity(calibrated).act_sqnr_db("conv3", number_format)
    assert found == pytest.approx(expected, abs=0.3)  # 4096 bins


def test_the_networks_input_loses_nothing(calibrated):
    assert Sensitivity(calibrated).act_sqnr_db("conv1", parse_format("int3")) == math.inf


def test_rows_are_layers_by_formats(calibrated):
    rows = list(Sensitivity(calibrated).rows(FORMATS))
    assert len(rows) == len(calibrated.network.layers) * len(FORMATS)
    assert [row.format for row in rows[:5]] == [f.name for f in FORMATS]
    assert all(math.isfinite(row.weight_sqnr_db) for row in rows)


def test_shares_of_noise_add_up(calibrated):
    found, int4 = Sensitivity(calibrated), parse_format("int4")
    names = calibrated.network.layer_names
    scheme = Scheme.uniform(names, int4, parse_format("e4m3"), parse_format("uint5"))
    noise = sum(10 ** (-found.weight_sqnr_db(name, int4) / 10) for name in names)
    noise += sum(10 ** (-found.act_sqnr_db(n, parse_format("e4m3")) / 10) for n in names[1:])
    assert found.predicted_sqnr_db(scheme) == pytest.approx(-10 * math.log10(noise))
    finer = Scheme.uniform(names, parse_format("int8"), parse_format("e4m3"), parse_format("uint5"))
    assert found.predicted_sqnr_db(finer) > found.predicted_sqnr_db(scheme)
