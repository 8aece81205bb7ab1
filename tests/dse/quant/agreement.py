"""What it means that two executions of a quantized network agree, and networks to try it on.

Brevitas and qonnx sum in float32, each in an order of its own, and hardware sums exactly. So a sum
that lies on a rounding boundary may end up on either side of it. How near it has to lie is bounded
relative to the magnitudes of the products that were summed: relative to the boundary itself there
is no bound, where large products cancel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from torch import fx, nn

from dse.data import load_dataset
from dse.formats import Format, parse_format
from dse.models import load_network
from dse.models.seeded import seeded_images, seeded_network
from dse.point import Quantization, Scheme
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.source import EvaluatorSource
from dse.quant.trace import trace

_PAIRS = [("int4", "int4"), ("e2m1", "e2m1"), ("e3m2", "int4"), ("int8", "int8"), ("e4m3", "e4m3")]
CASES = [
    *((name, *pair) for name in ("digits-mlp", "digits-cnn", "fmnist-cnn") for pair in _PAIRS),
    *((name, *pair) for name in ("resnet8", "ds-cnn") for pair in _PAIRS[:2]),
]
"""Networks with formats of their weights and activations."""

NEAR = 2.0**-18
_SEEDED_IMAGES = {"fmnist-cnn": 60, "resnet8": 16, "ds-cnn": 16}

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A network that formats can be put into, and images for it."""

    layers: tuple[str, ...]
    input_format: Format
    quantized: Callable[[Scheme], QuantizedNetwork]
    images: np.ndarray

    def scheme(self, weights: str, acts: str) -> Scheme:
        formats = parse_format(weights), parse_format(acts)
        return Scheme.uniform(self.layers, *formats, self.input_format)


@cache
def calibrated(name: str) -> Calibrated:
    """Return digits' networks trained, with the test images, others with random weights."""
    return _seeded(name) if name in _SEEDED_IMAGES else _trained_on_digits(name)


def _trained_on_digits(name: str) -> Calibrated:
    source = EvaluatorSource(network=name, checkpoint=None, data="digits", calibration=200, seed=0)
    evaluator = source()
    digits = load_dataset("digits", 0)
    return Calibrated(
        layers=evaluator.layers,
        input_format=digits.input_format,
        quantized=lambda scheme: evaluator.quantized(Quantization(scheme=scheme)),
        images=digits.as_float(digits.test),
    )


@torch.no_grad()
def _seeded(name: str) -> Calibrated:
    """Return the network with random weights and logits of mean 0, so that classes differ."""
    network = load_network(name)
    images = seeded_images(_SEEDED_IMAGES[name], network.input_shape, seed=0) / 255
    module = seeded_network(network, images, seed=0)
    last = [layer for layer in module.modules() if isinstance(layer, nn.Linear)][-1]
    last.bias -= module(images).mean(dim=0)
    traced = trace(module)
    return Calibrated(
        layers=traced.layer_names,
        input_format=parse_format("uint8"),
        quantized=partial(prepare, CalibratedNetwork.from_images(traced, [images], 1 / 255)),
        images=images.numpy(),
    )


def run_brevitas(network: QuantizedNetwork, images: np.ndarray) -> tuple[Tensors, np.ndarray]:
    """Return what each quantizer gives, by its name, and the logits."""
    tensors: Tensors = {}

    class Recorder(fx.Interpreter):
        def run_node(self, n):
            result = super().run_node(n)
            tensors[str(n.target)] = result.detach().numpy()
            return result

    with torch.no_grad():
        logits = Recorder(network.module).run(torch.from_numpy(images)).numpy()
    return {name: tensors[name] for name in network.formats}, logits


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeQuantizer:
    """Values in front of a quantizer.

    Attributes:
        format: The quantizer's format.
        scale: Its scale.
        values: What it quantizes, as one execution finds it.
        magnitudes: Sum of the magnitudes of what each value is the sum of.
    """

    format: Format
    scale: float
    values: np.ndarray
    magnitudes: np.ndarray

    def assert_close_calls(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Check that two results differ by neighbours, next to the boundary between them."""
        grid = self.format.grid()
        boundaries = (grid[1:] + grid[:-1]) / 2
        differing = np.nonzero(found != expected)
        here, there = (
            np.searchsorted(boundaries, result[differing].astype(np.float64) / self.scale)
            for result in (found, expected)
        )
        assert (np.abs(here - there) == 1).all()
        distances = np.abs(
            self.values[differing] - boundaries[np.minimum(here, there)] * self.scale
        )
        assert (distances <= NEAR * self.magnitudes[differing]).all()


def assert_same_classes(found: np.ndarray, expected: np.ndarray) -> None:
    """Check that logits name the same class for all images but one; fewer than 1000 images."""
    classes = expected.argmax(axis=1)
    assert len(np.unique(classes)) > 3
    assert (found.argmax(axis=1) != classes).sum() <= 1
