"""Exported files, executed by qonnx, against the Brevitas networks they were made from."""

from dataclasses import dataclass

import numpy as np
import onnx
import pytest
from agreement import (
    CASES,
    NEAR,
    BeforeQuantizer,
    Tensors,
    assert_same_classes,
    calibrated,
    run_brevitas,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_node
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.infer_shapes import InferShapes

from dse.quant.export import export_qonnx
from dse.quant.pipeline import QuantizedNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An exported network that takes a batch of images."""

    model: ModelWrapper
    images: np.ndarray

    @classmethod
    def of(cls, network: QuantizedNetwork, images: np.ndarray) -> "Exported":
        model = ModelWrapper(export_qonnx(network, images.shape[1:]))
        for transformation in (ChangeBatchSize(len(images)), InferShapes()):
            model = model.transform(transformation)
        return cls(model=model, images=images)

    @property
    def nodes(self) -> list[onnx.NodeProto]:
        return self.model.graph.node

    def start(self) -> Tensors:
        return self.model.make_empty_exec_context() | {"input": self.images}

    def execute(self, node: onnx.NodeProto, tensors: Tensors) -> None:
        """Run a node on `tensors` and put its result there."""
        execute_node(node, tensors, self.model.graph, self.model.get_opset_imports()[node.domain])

    def magnitudes(self, node: onnx.NodeProto, tensors: Tensors, known: Tensors) -> np.ndarray:
        """Return the sum of the magnitudes of what `node` sums, for each of its outputs."""
        if node.op_type in ("Relu", "Clip"):
            return known[node.input[0]]
        operands = {name: np.abs(known.get(name, tensors[name])) for name in node.input}
        operands[node.output[0]] = tensors[node.output[0]]
        self.execute(node, operands)
        return operands[node.output[0]]


@pytest.mark.parametrize(("name", "weights", "acts"), CASES)
def test_layer_by_layer_codes_differ_at_rounding_boundaries_only(name, weights, acts):
    subject = calibrated(name)
    network = subject.quantized(subject.scheme(weights, acts))
    expected, logits = run_brevitas(network, subject.images)
    exported = Exported.of(network, subject.images)
    tensors = exported.start()
    magnitudes: Tensors = {"input": np.abs(subject.images)}
    for node in exported.nodes:
        exported.execute(node, tensors)
        (output,) = node.output
        if node.name in expected:
            before = BeforeQuantizer(
                format=network.formats[node.name],
                scale=float(tensors[node.input[1]].item()),
                values=tensors[node.input[0]],
                magnitudes=magnitudes[node.input[0]],
            )
            before.assert_close_calls(tensors[output], expected[node.name])
            tensors[output] = expected[node.name]  # so that the next layer's inputs are the same
        elif not node.domain:
            magnitudes[output] = exported.magnitudes(node, tensors, magnitudes)
    assert (np.abs(tensors["output"] - logits) <= NEAR * magnitudes["output"]).all()


@pytest.mark.parametrize(("name", "weights", "acts"), CASES)
def test_end_to_end_at_most_one_image_is_classified_differently(name, weights, acts):
    subject = calibrated(name)
    network = subject.quantized(subject.scheme(weights, acts))
    exported = Exported.of(network, subject.images)
    tensors = exported.start()
    for node in exported.nodes:
        exported.execute(node, tensors)
    _, logits = run_brevitas(network, subject.images)
    assert_same_classes(tensors["output"], logits)
