import numpy as np
import pytest

from dse.quant.ptq import bias


@pytest.mark.parametrize("name", ["int3", "int4", "e2m0", "e3m0", "e2m1"])
def test_means_of_outputs_become_those_of_the_float_layer(task, plain, outputs, name):
    numbers = plain(name)
    corrected = bias.correct_layer(task, numbers)
    wanted = outputs(task.weight, task.bias, task.float_inputs).mean(axis=1)
    before = outputs(numbers.quantized(), numbers.bias, task.inputs).mean(axis=1)
    after = outputs(corrected.quantized(), corrected.bias, task.inputs).mean(axis=1)
    assert np.abs(before - wanted).max() > 1e-3
    assert np.abs(after - wanted).max() < 1e-5
    assert np.array_equal(corrected.weight, numbers.weight)
    assert corrected.bias.dtype == np.float32
