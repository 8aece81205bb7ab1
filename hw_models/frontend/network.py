"""A typed, read-only view of an ONNX graph: what is needed for its output, checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from dse.errors import DataError, UnsupportedLayerError
from hw_models.frontend.names import shown

Array = NDArray[np.generic]

MAX_ELEMENTS = 1 << 24
"""Largest tensor that flows between nodes: 256 channels of 256 x 256 pixels."""
MAX_CONSTANT_ELEMENTS = 1 << 28
_MAX_RANK = 8
_OLDEST_OPSET = 11
"""What a file that names no version is taken for; older ones are read alike."""

_NOT_REAL = (
    onnx.TensorProto.STRING,
    onnx.TensorProto.COMPLEX64,
    onnx.TensorProto.COMPLEX128,
)
QUANTIZER_DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
_STANDARD_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, slots=True, eq=False)
class OnnxNode:
    """A node of the file.

    Attributes:
        proto: The node itself.
        name: Its name, or one made from its operator and place.
        opset: Version of the standard operators.
    """

    proto: onnx.NodeProto
    name: str
    opset: int

    @property
    def op(self) -> str:
        """Operator: standard ones and quantizers by name, others with their domain."""
        if self.proto.domain in (*_STANDARD_DOMAINS, *QUANTIZER_DOMAINS):
            return str(self.proto.op_type)
        return f"{self.proto.domain}.{self.proto.op_type}"

    def __str__(self) -> str:
        return f"node '{shown(self.name)}' ({shown(self.op)})"

    def unsupported(self, why: str) -> UnsupportedLayerError:
        """Return the error that this node cannot become hardware."""
        return UnsupportedLayerError(f"{self}: {why}")

    def damaged(self, why: str) -> DataError:
        """Return the error that this node contradicts the ONNX standard or its surroundings."""
        return DataError(f"{self}: {why}")

    def number(self, name: str, default: float) -> float:
        """Return a float attribute."""
        attribute = self._attribute(name, onnx.AttributeProto.FLOAT)
        return default if attribute is None else float(attribute.f)

    def integer(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        attribute = self._attribute(name, onnx.AttributeProto.INT)
        return default if attribute is None else int(attribute.i)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return an attribute that is a list of integers."""
        attribute = self._attribute(name, onnx.AttributeProto.INTS)
        return None if attribute is None else tuple(attribute.ints)

    def text(self, name: str, default: str) -> str:
        """Return a string attribute."""
        attribute = self._attribute(name, onnx.AttributeProto.STRING)
        return default if attribute is None else attribute.s.decode(errors="replace")

    def has(self, name: str) -> bool:
        """Whether the node carries an attribute."""
        return any(attribute.name == name for attribute in self.proto.attribute)

    def _attribute(self, name: str, kind: int) -> onnx.AttributeProto | None:
        for attribute in self.proto.attribute:
            if attribute.name == name:
                if attribute.type != kind:
                    raise self.damaged(f"its attribute '{name}' is of the wrong type")
                return attribute
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphInput:
    """The network's input.

    Attributes:
        name: Its name.
        shape: Its shape for one image, batch axis included.
        datatype: ``FLOAT``, or the integers it is declared to hold, such as ``UINT8``.
    """

    name: str
    shape: tuple[int, ...]
    datatype: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """What the outputs of a file depend on.

    Attributes:
        nodes: Nodes, each behind those it reads.
        constants: Initializers by name.
        input: The one input.
        outputs: Names of the outputs.
        declared_acts: Activation formats that a file of bitfront's own says it uses, by name.
    """

    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, Array]
    input: GraphInput
    outputs: tuple[str, ...]
    declared_acts: frozenset[str]


def network_of(model: onnx.ModelProto) -> Network:
    """Return the view of a file's graph.

    Raises:
        DataError: Tensors are damaged, missing or made twice, or shapes are open.
        UnsupportedLayerError: It has not exactly one input.
    """
    graph = model.graph
    if graph.sparse_initializer:
        raise DataError("sparse initializers are not supported; store dense ones")
    opsets = [item.version for item in model.opset_import if item.domain in _STANDARD_DOMAINS]
    outputs = tuple(output.name for output in graph.output)
    nodes = _needed(_nodes(graph, opsets[0] if opsets else _OLDEST_OPSET), outputs)
    read = {name for node in nodes for name in node.proto.input}
    constants = {item.name: array_of(item) for item in graph.initializer if item.name in read}
    inputs = [item for item in graph.input if item.name not in constants and item.name in read]
    if len(inputs) != 1:
        names = ", ".join(f"'{shown(item.name)}'" for item in inputs) or "none"
        raise UnsupportedLayerError(f"a network must have one input; this file has {names}")
    datatypes = {
        item.tensor_name: entry.value
        for item in graph.quantization_annotation
        for entry in item.quant_parameter_tensor_names
        if entry.key == "finn_datatype"
    }
    return Network(
        nodes=nodes,
        constants=constants,
        input=_input(inputs[0], datatypes.get(inputs[0].name)),
        outputs=outputs,
        declared_acts=_declared_acts(model),
    )


def array_of(tensor: onnx.TensorProto) -> Array:
    """Return a tensor's values.

    Raises:
        DataError: Its shape and its data disagree, or it is too large.
    """
    what = f"tensor '{shown(tensor.name)}'"
    if min(tensor.dims, default=0) < 0 or prod(tensor.dims) > MAX_CONSTANT_ELEMENTS:
        raise DataError(f"{what}: shape {tuple(tensor.dims)[:_MAX_RANK]} is too large or negative")
    if tensor.data_type in _NOT_REAL:
        raise DataError(f"{what}: holds text or complex numbers, not real ones")
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # the reader raises whatever its first bad byte leads to
        raise DataError(f"{what}: its data does not fit its shape {tuple(tensor.dims)}") from error


def name_of(proto: onnx.NodeProto, place: int) -> str:
    """Return a node's name, or one made from its operator and its place in the file."""
    return str(proto.name or f"{proto.op_type.lower()}_{place}")


def _nodes(graph: onnx.GraphProto, opset: int) -> tuple[OnnxNode, ...]:
    """Return all nodes, each behind those it reads, as the standard wants it."""
    known = {item.name for item in (*graph.initializer, *graph.input)}
    nodes = []
    for place, proto in enumerate(graph.node):
        node = OnnxNode(proto, name_of(proto, place), opset)
        for name in proto.input:
            if name and name not in known:
                raise node.damaged(f"reads tensor '{shown(name)}', which nothing before it makes")
        for name in proto.output:
            if name and name in known:
                raise node.damaged(f"makes tensor '{shown(name)}', which exists already")
            known.add(name)
        nodes.append(node)
    return tuple(nodes)


def _needed(nodes: tuple[OnnxNode, ...], outputs: tuple[str, ...]) -> tuple[OnnxNode, ...]:
    """Return the nodes that the outputs depend on."""
    wanted = set(outputs)
    needed = []
    for node in reversed(nodes):
        if wanted.intersection(node.proto.output):
            wanted.update(node.proto.input)
            needed.append(node)
    return tuple(reversed(needed))


def _input(item: onnx.ValueInfoProto, datatype: str | None) -> GraphInput:
    tensor = item.type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim]
    what = f"input '{shown(item.name)}'"
    if len(dims) < 2 or len(dims) > 4:
        raise UnsupportedLayerError(
            f"{what}: has {len(dims)} axes; images (1, c, h, w), sequences (1, c, l) and "
            "vectors (1, n) are supported"
        )
    if dims[0] > 1:
        raise UnsupportedLayerError(f"{what}: has batch size {dims[0]}; export it with 1")
    shape = (1, *dims[1:])
    if min(shape) < 1:
        raise UnsupportedLayerError(f"{what}: has axes of open size; export it with fixed sizes")
    if prod(shape) > MAX_ELEMENTS:
        raise UnsupportedLayerError(f"{what}: {prod(shape)} elements are more than {MAX_ELEMENTS}")
    known = onnx.TensorProto.DataType.DESCRIPTOR.values_by_number
    elements = known[tensor.elem_type].name if tensor.elem_type in known else "nothing known"
    return GraphInput(name=item.name, shape=shape, datatype=datatype or elements)


def _declared_acts(model: onnx.ModelProto) -> frozenset[str]:
    """Return the activation formats named by the file's own scheme, if it has one."""
    for entry in model.metadata_props:
        if entry.key == "bitfront.scheme":
            try:
                return frozenset(str(layer["act"]) for layer in json.loads(entry.value)["layers"])
            except (ValueError, LookupError, TypeError, RecursionError):
                return frozenset()  # a remark of the file, not a part of the network
    return frozenset()
