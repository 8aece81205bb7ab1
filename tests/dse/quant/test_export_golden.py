"""Exported files, read as hardware models with exact sums, against the networks they come from."""

from dataclasses import replace

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

from dse.formats import Format
from dse.quant.export import export_qonnx
from hw_models.frontend import read_model
from hw_models.graph import INPUT, Requantize
from hw_models.model import Model
from hw_models.sim.golden import compute, golden_outputs
from hw_models.tail import Divide, Multiply, Shift, Tail


def without_signs(codes: np.ndarray, number_format: Format) -> np.ndarray:
    """Return the codes of the values' magnitudes; the least integer's saturates."""
    return number_format.encode(np.abs(number_format.decode(codes)))


def of_magnitudes(model: Model) -> Model:
    """Return a model that sums the magnitudes of what `model` sums."""
    formats = {mvau.name: mvau.weight for mvau in model.accelerator.mvaus}
    return replace(
        model,
        weights={name: without_signs(of, formats[name]) for name, of in model.weights.items()},
        tails={name: linear(tail) for name, tail in model.tails.items()},
        output=linear(model.output),
    )


def linear(tail: Tail) -> Tail:
    """Return a tail without its activation, constants by their magnitudes."""
    steps = [step for step in tail.steps if isinstance(step, Shift | Multiply | Divide)]
    return replace(tail, steps=tuple(type(step)(np.abs(step.values)) for step in steps))


def as_stream(image: np.ndarray) -> np.ndarray:
    """Return `(n, c, h, w)` or `(n, c)` as `(n, vectors, channels)`."""
    return image.reshape(*image.shape[:2], -1).transpose(0, 2, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


def read_back(network, images: np.ndarray, folder) -> Model:
    onnx.save(export_qonnx(network, images.shape[1:]), folder / "model.onnx")
    return read_model(folder / "model.onnx")


@pytest.mark.parametrize(("name", "weights", "acts"), CASES)
def test_layer_by_layer_codes_differ_at_rounding_boundaries_only(name, weights, acts, folder):
    subject = calibrated(name)
    network = subject.quantized(subject.scheme(weights, acts))
    expected, logits = run_brevitas(network, subject.images)
    model = read_back(network, subject.images, folder)
    bounds = of_magnitudes(model)
    images = as_stream(model.input.codes(subject.images).transpose(0, 3, 1, 2))
    streams: Tensors = {INPUT: images}
    magnitudes: Tensors = {INPUT: without_signs(images, model.input.format)}
    compared = set()
    for node in model.accelerator.nodes:
        sources = model.accelerator.sources_of(node)
        streams[node.name] = compute(node, tuple(streams[name] for name in sources), model)
        if not isinstance(node, Requantize):
            of_operands = tuple(magnitudes[name] for name in sources)
            magnitudes[node.name] = compute(node, of_operands, bounds)
            continue
        scale = model.tails[node.name].output.scale
        before = BeforeQuantizer(
            format=node.output,
            scale=scale,
            values=model.tails[node.name].values(streams[sources[0]]),
            magnitudes=bounds.tails[node.name].values(magnitudes[sources[0]]),
        )
        found = node.output.decode(streams[node.name]).astype(np.float32) * np.float32(scale)
        of_brevitas = as_stream(expected[node.name])
        before.assert_close_calls(found, of_brevitas)
        streams[node.name] = node.output.encode(of_brevitas / np.float32(scale))
        magnitudes[node.name] = without_signs(streams[node.name], node.output)
        compared.add(node.name)
    assert len(compared) == len(network.formats) - 1  # all but the input's quantizer
    last = model.accelerator.nodes[-1].name
    difference = np.abs(model.output.values(streams[last])[:, 0] - logits)
    assert (difference <= NEAR * bounds.output.values(magnitudes[last])[:, 0]).all()


@pytest.mark.parametrize(("name", "weights", "acts"), CASES)
def test_end_to_end_at_most_one_image_is_classified_differently(name, weights, acts, folder):
    subject = calibrated(name)
    network = subject.quantized(subject.scheme(weights, acts))
    model = read_back(network, subject.images, folder)
    sums = golden_outputs(model, model.input.codes(subject.images))
    _, logits = run_brevitas(network, subject.images)
    assert_same_classes(model.output.values(sums)[:, 0], logits)
