"""Compares a model's golden integers with what qonnx executes, word by word."""

import numpy as np
import onnx
from graphs import images
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from hw_models.frontend import read_model
from hw_models.graph import Pool
from hw_models.sim.golden import golden

_NOISE = 2.0**-18


def agree(path, count=2, *, has_hidden=True):
    """Assert that the file means the same to qonnx and to us; return our model.

    Hidden layers are compared until the first word that differs, as a sum that float32 rounded may
    have crossed a boundary; some images must agree to the end. Where our quantizers stand at other
    places than the file's, only the network's outputs are compared.
    """
    model = read_model(path)
    codes = images(model.input, count)
    trace = golden(model, codes)
    wrapper = ModelWrapper(onnx.load(path)).transform(InferShapes())
    names = {node.name: node for node in wrapper.graph.node}
    shape = wrapper.get_tensor_shape(model.input.name)
    real = model.input.format.decode(codes) * np.float32(model.input.scale)
    real = real.astype(np.float32)
    compared = 0
    for n in range(count):
        image = real[n] if _is_nhwc(shape, model.input.shape) else real[n].transpose(2, 0, 1)
        feed = {model.input.name: image.reshape(shape)}
        context = execute_onnx(wrapper, feed, return_full_exec_context=True)
        if all(
            _agree_at(names[name], tail, _sums(model, trace, name)[n], trace[name][n], context)
            for name, tail in model.tails.items()
            if has_hidden and name in names
        ):
            compared += 1
            last = trace[model.accelerator.nodes[-1].name][n : n + 1]
            _agree_at_end(model, last, context, wrapper)
    assert compared > 0
    return model


def _is_nhwc(shape, image_shape):
    return tuple(shape[1:]) == tuple(image_shape) and len(shape) == 4 and image_shape[0] != 1


def _sums(model, trace, name):
    (source,) = model.accelerator.sources_of(model.accelerator.node(name))
    return trace[source].reshape(trace[name].shape)


def _channels_last(array):
    return np.moveaxis(array, 1, -1) if array.ndim > 2 else array


def _agree_at(node, tail, sums, codes, context):
    """Assert that a quantizer takes the same values and rounds alike; return if codes are equal.

    Values may differ as float32 sums do, by a small part of the layer's largest.
    """
    before = _channels_last(context[node.input[0]]).reshape(codes.shape)
    after = _channels_last(context[node.output[0]]).reshape(codes.shape)
    scale = np.float32(tail.output.scale)
    theirs = tail.output.format.quantize(after / scale)
    if node.op_type != "BipolarQuant":
        assert np.abs(tail.values(sums) - before).max() <= _NOISE * np.abs(before).max()
        np.testing.assert_array_equal(tail.output.format.quantize(before / scale), theirs)
    return (tail.output.format.decode(codes) == theirs).all()


def _agree_at_end(model, last, context, wrapper):
    node = model.accelerator.nodes[-1]
    if model.tails.get(node.name) is not None or isinstance(node, Pool):
        fmt = node.out_format
        last = last if fmt is None else (fmt.decode(last) / fmt.lsb).astype(np.int64)
    ours = model.output.values(last)
    host = {name.name for name in wrapper.graph.node if name.name in model.host_nodes}
    reads = [n.input[0] for n in wrapper.graph.node if n.name in host]
    theirs = context[reads[0] if reads else wrapper.graph.output[0].name]
    theirs = _channels_last(theirs).reshape(ours.shape)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * max(1, np.abs(theirs).max()))
