"""Exported files, executed by qonnx, against the Brevitas networks they were made from.

Both sum in float32 in an order of their own, so a sum that lies on a rounding boundary may end up
on either side of it. The bound on how near it has to lie is relative to the magnitudes of the
products that were summed: relative to the boundary itself there is none, where large products
cancel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_node
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.infer_shapes import InferShapes
from torch import fx

from dse.data import load_dataset
from dse.formats import Format, parse_format
from dse.models import load_network
from dse.point import Scheme
from dse.quant.export import export_qonnx
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.source import EvaluatorSource
from dse.quant.trace import trace

PAIRS = [("int4", "int4"), ("e2m1", "e2m1"), ("e3m2", "int4"), ("int8", "int8"), ("e4m3", "e4m3")]
NEAR = 2.0**-18
"""How near a boundary, relative to the magnitudes summed, two float32 sums may part."""

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A quantized network, its exported form, and images for both."""

    network: QuantizedNetwork
    model: ModelWrapper
    images: np.ndarray

    @classmethod
    def of(cls, network: QuantizedNetwork, images: np.ndarray) -> "Subject":
        model = ModelWrapper(export_qonnx(network, images.shape[1:]))
        for transformation in (ChangeBatchSize(len(images)), InferShapes()):
            model = model.transform(transformation)
        return cls(network=network, model=model, images=images)

    def brevitas(self) -> tuple[Tensors, np.ndarray]:
        """Return what each quantizer gives, by its name, and the logits."""
        tensors: Tensors = {}

        class Recorder(fx.Interpreter):
            def run_node(self, n):
                result = super().run_node(n)
                tensors[str(n.target)] = result.detach().numpy()
                return result

        with torch.no_grad():
            logits = Recorder(self.network.module).run(torch.from_numpy(self.images)).numpy()
        return {name: tensors[name] for name in self.network.formats}, logits

    def start(self) -> Tensors:
        return self.model.make_empty_exec_context() | {"input": self.images}

    def execute(self, node: onnx.NodeProto, tensors: Tensors) -> None:
        """Run a node on `tensors` and put its result there."""
        execute_node(node, tensors, self.model.graph, self.model.get_opset_imports()[node.domain])

    def magnitude(self, node: onnx.NodeProto, tensors: Tensors, magnitudes: Tensors) -> np.ndarray:
        """Return the sum of the magnitudes of what `node` sums, for each of its outputs."""
        if node.op_type in ("Relu", "Clip"):
            return magnitudes[node.input[0]]
        operands = {name: np.abs(magnitudes.get(name, tensors[name])) for name in node.input}
        operands[node.output[0]] = tensors[node.output[0]]
        self.execute(node, operands)
        return operands[node.output[0]]


def boundaries(number_format: Format) -> np.ndarray:
    """Return the values between which values are rounded alike, ascending."""
    codes = number_format.code_values()
    values = np.unique(codes[np.isfinite(codes)])
    return (values[1:] + values[:-1]) / 2


def assert_close_calls(
    subject: Subject, node: onnx.NodeProto, tensors: Tensors, expected: np.ndarray, sums: np.ndarray
) -> None:
    """Check that codes differ only next to a rounding boundary.

    Args:
        subject: Network.
        node: Its quantizer.
        tensors: Holds the quantizer's operands and output as qonnx finds them.
        expected: The output Brevitas finds.
        sums: Magnitude of what was summed.
    """
    differing = np.nonzero(tensors[node.output[0]] != expected)
    between = boundaries(subject.network.formats[node.name])
    scale = float(tensors[node.input[1]].item())
    here, there = (
        np.searchsorted(between, values[differing].astype(np.float64) / scale)
        for values in (tensors[node.output[0]], expected)
    )
    assert (np.abs(here - there) == 1).all()
    distance = np.abs(tensors[node.input[0]][differing] - between[np.minimum(here, there)] * scale)
    assert (distance <= NEAR * sums[differing]).all(), (node.name, distance / sums[differing])


def random_blobs(n: int) -> np.ndarray:
    """Return uint8 images (n, 1, 28, 28) of 16 patches, times 1/255."""
    patches = np.random.default_rng(0).integers(0, 256, (n, 1, 4, 4))
    return (patches.repeat(7, axis=2).repeat(7, axis=3) * np.float32(1 / 255)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A network that schemes can be put into."""

    layers: tuple[str, ...]
    input_format: Format
    quantized: Callable[[Scheme], QuantizedNetwork]
    images: np.ndarray

    def subject(self, weights: str, acts: str) -> Subject:
        formats = parse_format(weights), parse_format(acts)
        scheme = Scheme.uniform(self.layers, *formats, self.input_format)
        return Subject.of(self.quantized(scheme), self.images)


def trained_on_digits(name: str) -> Calibrated:
    source = EvaluatorSource(network=name, checkpoint=None, data="digits", calibration=200, seed=0)
    evaluator = source()
    digits = load_dataset("digits", 0)
    return Calibrated(
        layers=evaluator.layers,
        input_format=digits.input_format,
        quantized=evaluator.quantized,
        images=digits.as_float(digits.test),
    )


def untrained_fmnist_cnn() -> Calibrated:
    """Return random weights, with the images' own BatchNorm statistics and logits of mean 0."""
    images = random_blobs(100)
    network = load_network("fmnist-cnn").initial(0).train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.from_numpy(images))
        network.fc2.bias -= network.eval()(torch.from_numpy(images)).mean(dim=0)
    traced = trace(network)
    calibrated = CalibratedNetwork.from_images(traced, [torch.from_numpy(images)], 1 / 255)
    return Calibrated(
        layers=traced.layer_names,
        input_format=parse_format("uint8"),
        quantized=partial(prepare, calibrated),
        images=images,
    )


@pytest.fixture(scope="module", params=["digits-mlp", "digits-cnn", "fmnist-cnn"])
def calibrated(request) -> Calibrated:
    is_digits = request.param.startswith("digits")
    return trained_on_digits(request.param) if is_digits else untrained_fmnist_cnn()


@pytest.mark.parametrize(("weights", "acts"), PAIRS)
def test_layer_by_layer_codes_differ_at_rounding_boundaries_only(calibrated, weights, acts):
    subject = calibrated.subject(weights, acts)
    expected, logits = subject.brevitas()
    tensors = subject.start()
    sums: Tensors = {}
    for node in subject.model.graph.node:
        subject.execute(node, tensors)
        (output,) = node.output
        if node.name in expected:
            of_input = sums.get(node.input[0], np.abs(subject.images))
            assert_close_calls(subject, node, tensors, expected[node.name], of_input)
            tensors[output] = expected[node.name]  # so that the next layer's inputs are the same
        elif not node.domain:
            sums[output] = subject.magnitude(node, tensors, sums)
    assert (np.abs(tensors["output"] - logits) <= NEAR * sums["output"]).all()


@pytest.mark.parametrize(("weights", "acts"), PAIRS)
def test_end_to_end_at_most_one_image_is_classified_differently(calibrated, weights, acts):
    subject = calibrated.subject(weights, acts)
    _, logits = subject.brevitas()
    tensors = subject.start()
    for node in subject.model.graph.node:
        subject.execute(node, tensors)
    classes = logits.argmax(axis=1)
    assert len(np.unique(classes)) > 3
    assert (tensors["output"].argmax(axis=1) != classes).sum() <= 1
