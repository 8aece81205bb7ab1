"""Means and variances behind layers that BatchNorm was merged into."""

import numpy as np
import pytest

from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.quant.layers import read_layer
from dse.quant.pipeline import prepare
from dse.quant.ptq import batch_norm
from dse.quant.quantizer import Quantizer
from dse.recipe import Recipe


@pytest.mark.parametrize("name", ["int3", "e2m0", "e2m1"])
def test_moments_become_those_of_the_float_layer_and_codes_stay(task, plain, outputs, name):
    numbers = plain(name)
    found = batch_norm.normalize_layer(task, numbers, scales_are_free=True)
    wanted = outputs(task.weight, task.bias, task.float_inputs)
    given = outputs(found.quantized(), found.bias, task.inputs)
    assert np.allclose(given.mean(axis=1), wanted.mean(axis=1), atol=1e-4)
    assert np.allclose(given.std(axis=1), wanted.std(axis=1), rtol=1e-3)
    assert np.array_equal(found.codes(), numbers.codes())


def test_where_scales_are_given_the_mean_alone_is_restored(task, plain, outputs):
    numbers = plain("int3")
    found = batch_norm.normalize_layer(task, numbers, scales_are_free=False)
    wanted = outputs(task.weight, task.bias, task.float_inputs)
    given = outputs(found.quantized(), found.bias, task.inputs)
    assert np.allclose(given.mean(axis=1), wanted.mean(axis=1), atol=1e-4)
    assert np.array_equal(found.scales, numbers.scales)


def test_layers_without_batch_norm_stay(calibrated):
    formats = parse_format("int3"), parse_format("int3"), parse_format("uint5")
    scheme = Scheme.uniform(calibrated.network.layer_names, *formats)
    wanted = Quantization(scheme=scheme, recipe=Recipe(("batch-norm",)))
    after = Quantizer(calibrated=calibrated, seed=0).quantized(wanted)
    before = prepare(calibrated, scheme)
    changed = set()
    for layer in scheme.layers:
        one, other = (
            read_layer(network.module.get_submodule(layer.layer), layer.weight.narrow())
            for network in (before, after)
        )
        if not np.array_equal(one.bias, other.bias):
            changed.add(layer.layer)
    assert changed == calibrated.network.normalized == {"conv1", "fc1"}
