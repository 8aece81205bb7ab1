"""What qonnx makes of a file: float32 arithmetic, node by node, to compare golden with."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from hw_models.frontend.file import load
from hw_models.frontend.network import name_of
from hw_models.model import Model


def execute(path: Path, model: Model, codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what the file's network gives in front of the host's nodes, shape `(n, outputs)`.

    qonnx sums in float32, in an order of its own, so hidden words may differ from golden's where
    they lie at a rounding boundary.

    Args:
        path: QONNX file.
        model: What `read_model` gives for it.
        codes: Input codes, shape `(n, height, width, channels)`.

    Raises:
        DataError: The file cannot be read.
    """
    wrapper = ModelWrapper(_for_one_image(load(path))).transform(InferShapes())
    shape = wrapper.get_tensor_shape(model.input.name)
    values = model.input.format.decode(codes).astype(np.float32) * np.float32(model.input.scale)
    if not _is_channels_last(shape, model.input.shape):
        values = values.transpose(0, 3, 1, 2)
    named = enumerate(wrapper.graph.node)
    host = [node for place, node in named if name_of(node, place) in model.host_nodes]
    wanted = host[0].input[0] if host else wrapper.graph.output[0].name
    outputs = []
    for image in values:
        feed = {model.input.name: image.reshape(shape)}
        given = execute_onnx(wrapper, feed, return_full_exec_context=True)[wanted]
        outputs.append(_channels_last(given).reshape(-1))
    return np.array(outputs, dtype=np.float32)


def _for_one_image(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with the shapes that follow from a batch of one, where it is open."""
    del model.graph.value_info[:]
    for item in model.graph.input:
        for dim in item.type.tensor_type.shape.dim[:1]:
            dim.dim_value = dim.dim_value or 1
    for item in model.graph.output:
        item.type.tensor_type.ClearField("shape")
    return model


def _is_channels_last(shape: list[int], image_shape: tuple[int, int, int]) -> bool:
    is_image = len(shape) == len(image_shape) + 1 and image_shape[0] != 1
    return is_image and tuple(shape[1:]) == image_shape


def _channels_last(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.moveaxis(tensor, 1, -1) if tensor.ndim > 2 else tensor
