"""Methods that round towards the float layer's outputs for float inputs."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from dse.formats import parse_format
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask
from dse.quant.ptq import flexround, gpfq, learned_round
from dse.quant.reconstruction import Reconstruction

NAMES = ("int3", "int4", "e2m0", "e3m0", "e2m1")
ROUND = {
    "gpfq": gpfq.round_layer,
    "learned-round": learned_round.round_layer,
    "flexround": lambda task, numbers: flexround.round_layer(task, numbers, learns_scales=False),
    "flexround, scales too": lambda task, numbers: flexround.round_layer(
        task, numbers, learns_scales=True
    ),
}


@pytest.fixture
def error(task, outputs):
    """Return a function that measures numbers by the float layer's outputs."""
    wanted = outputs(task.weight, task.bias, task.float_inputs)

    def measure(numbers: LayerNumbers) -> float:
        found = outputs(numbers.quantized(), numbers.bias, task.inputs)
        return float(np.square(found - wanted).mean())

    return measure


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ROUND)
def test_outputs_come_nearer_to_the_float_layers(task, plain, error, method, name):
    numbers = plain(name)
    found = ROUND[method](task, numbers)
    assert error(found) < error(numbers)
    assert np.array_equal(found.bias, numbers.bias)
    if method != "flexround, scales too":
        assert np.array_equal(found.scales, numbers.scales)


@pytest.mark.parametrize("method", ROUND)
def test_weights_are_on_the_grid_already(task, plain, method):
    found = ROUND[method](task, plain("e2m1"))
    assert np.allclose(found.weight, found.quantized(), rtol=1e-6)


def test_an_error_and_its_gradient_are_those_of_the_outputs(task, plain, outputs):
    goal = Reconstruction.of(task)
    rng = np.random.default_rng(0)
    first, second = (
        (task.weight + rng.normal(scale=0.1, size=task.weight.shape)).astype(np.float32)
        for _ in range(2)
    )
    zero = np.zeros(len(first))
    wanted = outputs(task.weight, zero, task.float_inputs)
    exact = [
        np.square(outputs(weight, zero, task.inputs) - wanted).mean(axis=1)
        for weight in (first, second)
    ]
    found = [goal.errors_and_gradient(torch.from_numpy(weight))[0] for weight in (first, second)]
    # an error is known up to a constant, which the difference of two leaves out
    assert np.allclose((found[0] - found[1]).numpy(), exact[0] - exact[1], rtol=1e-3, atol=1e-5)
    _, slope = goal.errors_and_gradient(torch.from_numpy((first + second) / 2))
    along = (slope.numpy() * (first - second)).sum(axis=1)  # exact, as the error is quadratic
    assert np.allclose(along, exact[0] - exact[1], rtol=1e-3, atol=1e-5)


def test_no_weights_do_better_than_the_least_error(task):
    goal = Reconstruction.of(task)
    least = goal.least_errors()
    weight = torch.from_numpy(task.weight).clone().requires_grad_()
    descent = torch.optim.LBFGS([weight], max_iter=200)

    def total():
        descent.zero_grad()
        errors, _ = goal.errors_and_gradient(weight)
        errors.sum().backward()
        return errors.sum()

    descent.step(total)
    reached, _ = goal.errors_and_gradient(weight.detach())
    assert (reached > least - 1e-4).all()
    assert torch.allclose(reached, least, atol=2e-3)


def small(name: str) -> tuple[LayerTask, LayerNumbers]:
    """Return a layer of six weights, small enough to try every way of rounding."""
    generator = torch.Generator().manual_seed(3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        layer = nn.Linear(6, 4)
    inputs = torch.relu(torch.randn(200, 6, generator=generator)) @ torch.rand(
        6, 6, generator=generator
    )
    task = LayerTask(name="small", layer=layer, float_inputs=(inputs,), inputs=(inputs,))
    scales = np.full(4, 0.12, np.float32)
    return task, LayerNumbers(
        weight=task.weight, scales=scales, bias=task.bias, number_format=parse_format(name).narrow()
    )


@pytest.mark.parametrize(("name", "share"), [("int3", 0.8), ("int4", 0.8), ("e2m1", 0.4)])
def test_learned_rounding_chooses_among_neighbours_nearly_as_well_as_trying_all(name, share):
    task, numbers = small(name)
    goal = Reconstruction.of(task)
    found = learned_round.round_layer(task, numbers)
    below, above = learned_round.neighbours(numbers)
    codes = found.codes()
    assert ((codes == below) | (codes == above)).all()

    def error(weight):
        return goal.errors_and_gradient(torch.from_numpy(weight))[0].numpy()

    scale = numbers.scales[:, None]
    best = np.full(4, np.inf)
    for choice in itertools.product([False, True], repeat=6):
        best = np.minimum(best, error(np.where(choice, above, below) * scale))
    least = goal.least_errors().numpy()
    nearest, reached = error(numbers.quantized()), error(found.quantized())
    assert (best <= reached + 1e-6).all()
    assert (reached <= nearest).all()
    assert (nearest - reached).sum() > share * (nearest - best).sum()
    assert (best > least - 1e-5).all()


def test_gpfq_is_the_recursion_over_samples():
    task, numbers = small("int3")
    (inputs,) = task.float_inputs
    noisy = torch.round(inputs * 2) / 2
    task = replace(task, inputs=(noisy,))
    found = gpfq.round_layer(task, numbers)
    x, y = inputs.double().numpy(), noisy.double().numpy()
    order = np.argsort(-np.square(y).sum(axis=0), kind="stable")
    for row in range(4):
        left = np.zeros(len(x))
        for t in order:
            left += task.weight[row, t] * x[:, t]
            wanted = left @ y[:, t] / (y[:, t] @ y[:, t])
            code = numbers.number_format.quantize(np.float64(wanted / numbers.scales[row]))
            assert found.codes()[row, t] == code
            left -= code * numbers.scales[row] * y[:, t]


def test_flexround_keeps_what_is_best_already(task, plain):
    """A format so fine that nothing is to be gained changes nothing by much."""
    numbers = plain("int8")
    silent = replace(task, inputs=task.float_inputs)
    found = flexround.round_layer(silent, numbers, learns_scales=True)
    goal = Reconstruction.of(silent)
    before, after = (
        goal.errors_and_gradient(torch.from_numpy(item.quantized()))[0] for item in (numbers, found)
    )
    assert (after <= before + 1e-7).all()
