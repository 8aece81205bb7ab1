"""Residual and depthwise networks as hardware: the file, its exact sums, and the cost model."""

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from dse.formats import parse_format
from dse.models import load_network
from dse.point import Scheme
from dse.quant.export import export_qonnx
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.frontend import read_model
from hw_models.sim.golden import golden_outputs

NETWORKS = ("resnet8", "mobilenet-v1", "ds-cnn", "autoencoder")


@pytest.fixture(scope="module")
def built(seeded, tmp_path_factory):
    """Return a function that gives a Brevitas network and the model read from its file."""

    @cache
    def build(name, number_format, unsigned):
        source = seeded(name)
        network = prepare(source.calibrated, source.scheme(number_format, unsigned=unsigned))
        path = tmp_path_factory.mktemp("export") / "model.onnx"
        model = export_qonnx(network, load_network(name).input_shape)
        path.write_bytes(model.SerializeToString())
        return network, read_model(path)

    return build


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("number_format", "unsigned"), [("int4", True), ("e2m1", True), ("e2m1", False)]
)
@torch.no_grad()
def test_exact_sums_give_the_logits_of_brevitas(seeded, built, name, number_format, unsigned):
    network, model = built(name, number_format, unsigned)
    images = seeded(name).images
    codes = torch.round(images * 255).permute(0, 2, 3, 1).to(torch.int64).numpy()
    logits = model.output.values(golden_outputs(model, codes)).reshape(len(images), -1)
    expected = network.module(images).numpy()
    # a sum near a rounding boundary may become the neighbouring code in float32, as elsewhere
    is_same = np.abs(logits - expected).max(axis=1) < 1e-5
    assert is_same.sum() >= len(images) - 1
    assert expected.std() > 0.1


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("unsigned", [False, True], ids=["signed", "unsigned"])
def test_what_is_costed_is_what_is_built(seeded, built, name, unsigned):
    _, model = built(name, "int4", unsigned)
    source = seeded(name)
    wanted = source.scheme("int4", unsigned=unsigned)
    shapes = template(
        source.calibrated.network, load_network(name).input_shape, parse_format("uint8")
    )
    costed = shapes.with_formats(
        [layer.weight for layer in wanted.layers], [layer.act for layer in wanted.layers]
    )
    assert specs(costed) == specs(model.accelerator)


PADDED = torch.nn.Sequential(
    torch.nn.Conv2d(1, 4, 3, padding=1),
    torch.nn.ReLU6(),
    torch.nn.ZeroPad2d((0, 1, 1, 2)),  # left, right, top, bottom
    torch.nn.Conv2d(4, 6, 3, stride=2),
    torch.nn.ReLU6(),
    torch.nn.Flatten(),
    torch.nn.Linear(6 * 4 * 5, 3),
)
STEM = torch.nn.Sequential(
    torch.nn.Conv2d(1, 4, 3, padding=1),
    torch.nn.BatchNorm2d(4),
    torch.nn.ReLU(),
    torch.nn.MaxPool2d(3, 2, 1),
    torch.nn.Conv2d(4, 6, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.AvgPool2d(2, 1),
    torch.nn.Flatten(),
    torch.nn.Linear(6 * 3 * 3, 3),
)


@pytest.mark.parametrize(
    ("network", "pads"),
    [(PADDED, (1, 0, 2, 1)), (STEM, (1, 1, 1, 1))],
    ids=["pads of its own", "pools that overlap"],
)
@torch.no_grad()
def test_borders_and_windows_are_those_of_the_network(tmp_path, network, pads):
    generator = torch.Generator().manual_seed(0)
    network = copy.deepcopy(network).eval()
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) / 3)
    images = torch.randint(0, 256, (6, 1, 8, 8), generator=generator) / 255
    uint8, int4 = parse_format("uint8"), parse_format("int4")
    traced = trace(network)
    calibrated = CalibratedNetwork.from_images(traced, [images], 1 / 255)
    wanted = Scheme.uniform(traced.layer_names, int4, int4, uint8)
    quantized = prepare(calibrated, wanted)
    path = tmp_path / "model.onnx"
    path.write_bytes(export_qonnx(quantized, (1, 8, 8)).SerializeToString())
    model = read_model(path)
    costed = template(traced, (1, 8, 8), uint8).with_formats(
        [layer.weight for layer in wanted.layers], [layer.act for layer in wanted.layers]
    )
    assert specs(costed) == specs(model.accelerator)
    assert costed.window_of(costed.mvaus[1]).pads == pads
    codes = torch.round(images * 255).permute(0, 2, 3, 1).to(torch.int64).numpy()
    logits = model.output.values(golden_outputs(model, codes)).reshape(len(images), -1)
    np.testing.assert_allclose(logits, quantized.module(images).numpy(), rtol=0, atol=1e-5)


def specs(accelerator):
    """Return every node, and those it reads, without names: branches may come in either order."""
    bare = {node.name: repr(replace(node, name="")) for node in accelerator.nodes} | {"": "input"}
    pairs = zip(accelerator.nodes, accelerator.sources, strict=True)
    return sorted((bare[node.name], [bare[name] for name in names]) for node, names in pairs)
