"""GPTQ against the textbook recursion, which inverts what is left of the Hessian at each step."""

import numpy as np
import pytest

from dse.quant.ptq import gptq

NAMES = ("int3", "int4", "e2m0", "e3m0", "e2m1", "int8", "e4m3")


def optimal_brain_quantization(weight, scales, hessian, number_format):
    """Round the columns of `weight` in order; after each, the rest moves optimally (OBQ, eq. 3)."""
    weight, left = weight.astype(np.float64).copy(), np.arange(weight.shape[1])
    for column in range(weight.shape[1]):
        rest = left[column:]
        inverse = np.linalg.inv(hessian[np.ix_(rest, rest)])
        found = number_format.quantize(weight[:, column] / scales) * scales
        error = (weight[:, column] - found) / inverse[0, 0]
        weight[:, rest] -= error[:, None] * inverse[0][None]
        weight[:, column] = found
    return weight


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_textbook_recursion(task, plain, name):
    numbers = plain(name)
    found = gptq.round_layer(task, numbers).codes()
    rows = len(found) // task.groups
    for group, gram in enumerate(task.gram()):
        own = slice(group * rows, (group + 1) * rows)
        order = np.argsort(-np.diag(gram), kind="stable")
        damped = gram + 0.01 * np.diag(gram).mean() * np.eye(len(gram))
        scales = numbers.scales[own]
        expected = optimal_brain_quantization(
            numbers.weight[own][:, order],
            scales,
            damped[np.ix_(order, order)],
            numbers.number_format,
        )
        codes = expected / scales[:, None]
        differing = np.abs(found[own][:, order] - codes) > 1e-3
        assert differing.mean() < 0.01  # float32 and float64 part at ties


@pytest.mark.parametrize("name", NAMES)
def test_outputs_come_nearer(task, plain, outputs, name):
    numbers = plain(name)
    better = gptq.round_layer(task, numbers)
    wanted = outputs(task.weight, task.bias, task.inputs)
    before, after = (
        np.square(outputs(item.quantized(), item.bias, task.inputs) - wanted).mean()
        for item in (numbers, better)
    )
    assert after < before
    assert np.array_equal(better.scales, numbers.scales)
    assert np.array_equal(better.codes() * better.scales[:, None], better.weight)


def test_inputs_that_are_always_zero_leave_their_weights_rounded_to_nearest(task, plain):
    numbers = plain("int4")
    silent = tuple(x * 0 for x in task.inputs)
    dead = type(task)(name="dead", layer=task.layer, float_inputs=silent, inputs=silent)
    assert np.array_equal(gptq.round_layer(dead, numbers).codes(), numbers.codes())
