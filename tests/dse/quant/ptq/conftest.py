"""A layer on its own, for methods that work layer by layer."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from dse.formats import parse_format
from dse.quant.calibration import weight_scales
from dse.quant.layers import LayerNumbers, bias_of, weight_of
from dse.quant.layerwise import LayerTask, patches


@pytest.fixture(params=["linear", "grouped"])
def task(request) -> LayerTask:
    """A layer with correlated inputs; those of the quantized network are coarser."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if request.param == "linear":
            layer: nn.Module = nn.Linear(24, 10)
            mixing = torch.randn(24, 24, generator=generator) / 5
            inputs = torch.relu(torch.randn(400, 24, generator=generator) @ mixing)
        else:
            layer = nn.Conv2d(4, 8, 3, padding=1, groups=2, bias=False)
            inputs = torch.relu(torch.randn(30, 4, 6, 6, generator=generator)).cumsum(dim=3) / 6
    coarse = (inputs * 4).round() / 4
    return LayerTask(
        name="layer",
        layer=layer,
        float_inputs=inputs.split(len(inputs) // 2),
        inputs=coarse.split(len(coarse) // 2),
    )


@pytest.fixture
def plain(task) -> Callable[[str], LayerNumbers]:
    """Return a function that gives the layer's numbers after scale search in a format."""

    def numbers(name: str) -> LayerNumbers:
        weight, number_format = weight_of(task.layer), parse_format(name).narrow()
        scales = weight_scales(weight, number_format, "mse", "float32")
        return LayerNumbers(
            weight=weight, scales=scales, bias=bias_of(task.layer), number_format=number_format
        )

    return numbers


@pytest.fixture
def outputs(task) -> Callable[..., np.ndarray]:
    """Return a function that computes the layer's outputs, `(out, patches)`."""

    def compute(weight: np.ndarray, bias: np.ndarray, inputs: tuple[torch.Tensor, ...]):
        columns = torch.cat([patches(task.layer, x) for x in inputs], dim=2).double().numpy()
        by_group = weight.astype(np.float64).reshape(len(columns), -1, columns.shape[1])
        return (by_group @ columns).reshape(len(weight), -1) + bias[:, None]

    return compute
