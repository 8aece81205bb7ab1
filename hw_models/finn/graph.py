"""Our model as FINN's dialect of ONNX: integer matrices and thresholds, nothing left to round.

FINN's own conversion rounds half up where QONNX rounds half to even. Here its thresholds are those
of the layer's tail, so they are exact and its graph equals ours. Images are NHWC, as in hardware.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.basic import qonnx_make_model

from dse.errors import UnsupportedLayerError
from dse.formats import Format, IntFormat
from hw_models.graph import INPUT, Mvau, Node, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.model import Model
from hw_models.nodes import in_format

INPUT_TENSOR, OUTPUT_TENSOR = "codes", "sums"
_CUSTOM = "qonnx.custom_op.general"
_OPSET = 13


def finn_graph(model: Model) -> ModelWrapper:
    """Return `model` as a graph that FINN turns into hardware layers.

    It takes the integers of the input codes, shape `(1, h, w, c)` or `(1, n)`, and gives the exact
    sums of the last layer. Channels whose tail decreases have their weights negated.

    Raises:
        UnsupportedLayerError: A minifloat, a depthwise layer, an average pool, a branch, or
            thresholds that are no float32 numbers: names the first node and where it can be built.
    """
    require_finn(model)
    writer = _Writer(model)
    for node in model.accelerator.nodes:
        writer.write(node)
    return writer.finish()


def require_finn(model: Model) -> None:
    """Check that FINN has hardware for every node.

    Raises:
        UnsupportedLayerError: It has not; names the first node.
    """
    nodes = model.accelerator.nodes
    for before, node in zip((None, *nodes), nodes, strict=False):
        reason = _obstacle(node)
        source = model.accelerator.sources_of(node)[0]
        if not reason and source != (before.name if before else INPUT):
            reason = "branches"
        if isinstance(node, Pool) and isinstance(before, SlidingWindow):
            reason = "windows of a pool that overlap"
        if reason:
            raise UnsupportedLayerError(
                f"FINN cannot build '{node.name}' ({reason}); use `bitfront build` for this network"
            )


def _obstacle(node: Node) -> str:
    """Return why FINN cannot build `node`, or nothing."""
    formats = [in_format(node, 0), node.out_format, node.weight if isinstance(node, Mvau) else None]
    for number_format in formats:
        if number_format is not None and not isinstance(number_format, IntFormat):
            return f"{number_format.name} is no integer"
    if isinstance(node, Mvau) and node.groups > 1:
        return "depthwise"
    if isinstance(node, SlidingWindow | Mvau | Requantize):
        return ""
    if isinstance(node, Pool) and node.reduce is PoolKind.MAX:
        return ""
    return type(node).__name__


class _Writer:
    """Writes nodes one after the other."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._falls: dict[str, NDArray[np.bool_]] = {}
        self._thresholds: dict[str, NDArray[np.object_]] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, tuple[NDArray[np.float32], str]] = {}
        self._types: dict[str, str] = {}
        self._shapes: dict[str, list[int]] = {}
        self._shape = self._input_shape()
        self._tensor = INPUT_TENSOR
        self._input = helper.make_tensor_value_info(INPUT_TENSOR, TensorProto.FLOAT, self._shape)
        self._types[INPUT_TENSOR] = data_type(model.input.format)

    def _input_shape(self) -> list[int]:
        first = self._model.accelerator.nodes[0]
        if isinstance(first, Mvau) and first.vectors == 1:
            return [1, first.mw]
        return [1, *self._model.input.shape]

    def write(self, node: Node) -> None:
        """Append `node`."""
        match node:
            case SlidingWindow():
                self._window(node)
            case Mvau():
                self._matmul(node)
            case Requantize():
                self._multi_threshold(node)
            case Pool():
                self._max_pool(node)

    def finish(self) -> ModelWrapper:
        """Return the graph."""
        self._nodes[-1].output[0] = OUTPUT_TENSOR
        self._types[OUTPUT_TENSOR] = self._types.pop(self._tensor)
        del self._shapes[self._tensor]
        output = helper.make_tensor_value_info(OUTPUT_TENSOR, TensorProto.FLOAT, self._shape)
        graph = helper.make_graph(self._nodes, "bitfront", [self._input], [output])
        imports = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CUSTOM, 1)]
        wrapper = ModelWrapper(qonnx_make_model(graph, opset_imports=imports))
        for name, (values, kind) in self._constants.items():
            wrapper.set_initializer(name, values)
            wrapper.set_tensor_datatype(name, DataType[kind])
        for name, shape in self._shapes.items():
            wrapper.set_tensor_shape(name, shape)
        for name, kind in self._types.items():
            wrapper.set_tensor_datatype(name, DataType[kind])
        return wrapper

    def _give(self, tensor: str, shape: list[int], kind: str) -> None:
        """Go on from `tensor`."""
        self._tensor, self._shape = tensor, shape
        self._shapes[tensor], self._types[tensor] = shape, kind

    def _append(
        self,
        op_type: str,
        node: Node,
        shape: list[int],
        kind: str,
        *,
        constants: Iterable[str] = (),
        **attributes: object,
    ) -> None:
        """Append a node that reads the current tensor and gives one of this shape and type."""
        output = f"{node.name}_out"
        self._nodes.append(
            helper.make_node(
                op_type, [self._tensor, *constants], [output], name=node.name, **attributes
            )
        )
        self._give(output, shape, kind)

    def _window(self, node: SlidingWindow) -> None:
        self._append(
            "Im2Col",
            node,
            [1, node.out_height, node.out_width, node.taps * node.channels],
            data_type(node.act),
            domain=_CUSTOM,
            stride=list(node.stride),
            kernel_size=list(node.kernel),
            dilations=list(node.dilation),
            input_shape=f"(1,{node.height},{node.width},{node.channels})",
            pad_amount=list(node.pads),
        )

    def _matmul(self, node: Mvau) -> None:
        if self._shape[-1] != node.mw:
            self._flatten(node)
        weights = node.weight.decode(self._model.weights[node.name])
        requantize = self._model.accelerator.requantize_of(node)
        if requantize is not None:
            falls = self._cut(requantize)
            weights = np.where(falls[:, None], -weights, weights)
        name = f"{node.name}_weights"
        self._constants[name] = (weights.T.astype(np.float32), data_type(node.weight))
        shape, kind = [*self._shape[:-1], node.mh], f"INT{node.accumulator_bits}"
        self._append("MatMul", node, shape, kind, constants=(name,))

    def _flatten(self, node: Mvau) -> None:
        name = f"{node.name}_flat"
        self._nodes.append(helper.make_node("Flatten", [self._tensor], [name], name=name, axis=1))
        self._give(name, [1, node.mw], data_type(node.act))

    def _cut(self, node: Requantize) -> NDArray[np.bool_]:
        """Derive the thresholds of `node`, for sums of negated weights where they decrease."""
        tail = self._model.tails[node.name]
        thresholds = tail.thresholds(node.accumulator_bits, node.channels)
        falls = thresholds.is_decreasing
        # x = ~sum = -sum - 1 reaches a threshold where the negated sum reaches one more
        self._thresholds[node.name] = thresholds.least + falls[:, None].astype(object)
        return falls

    def _multi_threshold(self, node: Requantize) -> None:
        name = f"{node.name}_thresholds"
        values = self._thresholds[node.name].astype(np.float32)
        if (values.astype(object) != self._thresholds[node.name]).any():
            raise UnsupportedLayerError(
                f"FINN cannot build '{node.name}': its thresholds on sums of "
                f"{node.accumulator_bits} bits are no float32 numbers, which FINN's graphs hold; "
                "use `bitfront build` for this network"
            )
        self._constants[name] = (values, f"INT{node.accumulator_bits + 1}")
        self._append(
            "MultiThreshold",
            node,
            self._shape,
            data_type(node.output),
            constants=(name,),
            domain=_CUSTOM,
            out_dtype=data_type(node.output),
            out_bias=float(node.output.min),
            data_layout="NHWC" if len(self._shape) == 4 else "NC",
        )

    def _max_pool(self, node: Pool) -> None:
        self._append(
            "MaxPoolNHWC",
            node,
            [1, node.out_height, node.out_width, node.channels],
            data_type(node.act),
            domain=_CUSTOM,
            kernel_shape=list(node.kernel),
            strides=list(node.stride),
            pads=list(node.pads),
        )


def data_type(number_format: Format) -> str:
    """Return QONNX's name of an integer format."""
    return f"{'' if number_format.signed else 'U'}INT{number_format.bits}"
