"""The walk against Brevitas, and patches against the layers themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import fx, nn

from dse.formats import parse_format
from dse.point import Scheme
from dse.quant.layers import bias_of, weight_of
from dse.quant.layerwise import patches, rewrite_layers
from dse.quant.pipeline import prepare


@pytest.fixture
def quantized(calibrated):
    names = calibrated.network.layer_names
    formats = parse_format("e2m1"), parse_format("int4"), parse_format("uint5")
    return prepare(calibrated, Scheme.uniform(names, *formats))


def inputs_of(module: fx.GraphModule, batch: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what each module of a graph is given."""
    found = {}

    class Recorder(fx.Interpreter):
        def call_module(self, target, args, kwargs):
            found[target] = args[0]
            return super().call_module(target, args, kwargs)

    with torch.no_grad():
        Recorder(module).run(batch)
    return found


def test_layers_see_what_the_networks_give_them(quantized, calibrated):
    seen = {}

    def note(task, numbers):
        seen[task.name] = task
        return numbers

    unchanged = rewrite_layers(quantized, calibrated, note)
    assert tuple(seen) == calibrated.network.layer_names
    for index, batch in enumerate(calibrated.images):
        in_float = inputs_of(calibrated.network.module, batch)
        in_quantized = inputs_of(quantized.module, batch)
        for name, task in seen.items():
            assert torch.equal(task.float_inputs[index], in_float[name])
            assert torch.equal(task.inputs[index], in_quantized[name])
        assert torch.equal(unchanged.module(batch), quantized.module(batch))


def test_later_layers_see_what_earlier_ones_became(quantized, calibrated):
    seen = {}

    def shift(task, numbers):
        seen[task.name] = task
        return replace(numbers, bias=numbers.bias + np.float32(0.25))

    changed = rewrite_layers(quantized, calibrated, shift)
    inputs = inputs_of(changed.module, calibrated.images[0])
    for name, task in seen.items():
        assert torch.equal(task.inputs[0], inputs[name])
    assert changed.module.get_submodule("conv2").bias is not None
    before = bias_of(quantized.module.get_submodule("fc2"))
    assert np.array_equal(bias_of(changed.module.get_submodule("fc2")), before + np.float32(0.25))


LAYERS = {
    "linear": nn.Linear(12, 5),
    "plain": nn.Conv2d(4, 6, 3),
    "strided": nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2)),
    "dilated": nn.Conv2d(4, 6, 3, dilation=2, padding=2),
    "grouped": nn.Conv2d(4, 6, 3, groups=2),
    "depthwise": nn.Conv2d(4, 8, 3, groups=4, padding=1),
    "same": nn.Conv2d(4, 6, (3, 5), dilation=(1, 2), padding="same"),
    "valid": nn.Conv2d(4, 6, 3, padding="valid"),
}


@torch.no_grad()
@pytest.mark.parametrize("case", LAYERS)
def test_weights_times_patches_are_the_layers_outputs(case):
    layer = LAYERS[case]
    shape = (3, 12) if case == "linear" else (3, 4, 7, 8)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    columns = patches(layer, x)
    groups, _, count = columns.shape
    weight = torch.from_numpy(weight_of(layer)).reshape(groups, -1, columns.shape[1])
    products = torch.bmm(weight, columns).reshape(-1, count).T + torch.from_numpy(bias_of(layer))
    expected = layer(x).reshape(3, len(layer.weight), -1).permute(0, 2, 1).reshape(count, -1)
    torch.testing.assert_close(products, expected)


@torch.no_grad()
def test_moments_are_means_over_patches(quantized, calibrated):
    def check(task, numbers):
        given = torch.cat([patches(task.layer, x) for x in task.inputs], dim=2).double()
        in_float = torch.cat([patches(task.layer, x) for x in task.float_inputs], dim=2).double()
        count = given.shape[2]
        for found, expected in (
            (task.gram(), given @ given.transpose(1, 2) / count),
            (task.cross_gram(), given @ in_float.transpose(1, 2) / count),
        ):
            assert np.allclose(found, expected.numpy(), rtol=1e-5, atol=1e-7)
        weight = numbers.quantized()
        by_group = torch.from_numpy(weight).double().reshape(len(given), -1, given.shape[1])
        sums = torch.bmm(by_group, given).flatten(0, 1).numpy()
        mean, variance = task.moments_of_sums(weight, task.inputs)
        assert np.allclose(mean, sums.mean(axis=1), rtol=1e-4, atol=1e-6)
        assert np.allclose(variance, sums.var(axis=1), rtol=1e-4, atol=1e-6)
        return numbers

    rewrite_layers(quantized, calibrated, check)
