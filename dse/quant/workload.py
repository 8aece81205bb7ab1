"""The layer shapes of a traced network as a graph of hardware specs."""

from dataclasses import dataclass
from math import prod

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from dse.errors import UnsupportedLayerError
from dse.formats import Format, parse_format
from dse.quant.host import first_on_host, partial_template
from dse.quant.layer_shapes import (
    ACTIVATION_CALLS,
    ACTIVATIONS,
    convolution,
    linear,
    pair,
    shape_of,
)
from dse.quant.operations import Operation, operands, operation_of
from dse.quant.trace import TracedNetwork
from hw_models.folding import Shapes
from hw_models.graph import (
    INPUT,
    Accelerator,
    Add,
    Mvau,
    Node,
    Pool,
    PoolKind,
    Requantize,
)

_INNER = parse_format("int8")


@torch.no_grad()
def template(
    network: TracedNetwork, image_shape: tuple[int, int, int], input_format: Format
) -> Shapes:
    """Return the network's accelerator with 8-bit integers, to be re-formatted.

    Of a network with functions for a host, only a part is known: a `PartialAccelerator`.

    Codes are uint8 where they are never negative, so that `Accelerator.with_formats` knows. Where
    the network's quantizers sit, a `Requantize` turns exact sums into codes; activation functions
    are part of it.

    Args:
        network: Traced network.
        image_shape: `(c, h, w)`.
        input_format: Format of the input codes.

    Raises:
        UnsupportedLayerError: The network holds more than layers, activation functions, pooling,
            additions, reshaping and what is known as a host's.
    """
    ShapeProp(network.module).propagate(torch.zeros(1, *image_shape))
    if first_on_host(network.module):
        return partial_template(network, input_format)
    builder = _Builder(network, input_format)
    for node in network.module.graph.nodes:
        builder.visit(node)
    return Accelerator(nodes=tuple(builder.nodes), sources=tuple(builder.sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """What flows where a tensor of the network is.

    Attributes:
        source: Name of the node that gives it.
        sums: That node where it gives exact sums; `None` for codes.
        act: Format of the codes.
        is_early: The codes were made ahead of their quantizer's place, in front of a max pool: an
            activation function may still follow, since both keep the order of values.
    """

    source: str
    sums: Mvau | Pool | Add | None = None
    act: Format = _INNER
    is_early: bool = False


class _Builder:
    """Collects specs along the graph."""

    def __init__(self, network: TracedNetwork, input_format: Format) -> None:
        self.nodes: list[Node] = []
        self.sources: list[tuple[str, ...]] = []
        self._module = network.module
        self._tensors = {tensor.name: tensor for tensor in network.tensors}
        self._input = _Stream(source=INPUT, act=input_format)
        self._streams: dict[fx.Node, _Stream] = {}

    def visit(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self._streams[node] = self._input
        elif node.op != "output":
            stream = self._stream_of(node)
            if node.name in self._tensors:
                codes = self._codes(stream, node)
                stream = _Stream(source=codes.source, act=codes.act)
            self._streams[node] = stream

    def _stream_of(self, node: fx.Node) -> _Stream:
        """Emit the specs of a graph node and return what it gives."""
        module = self._module.get_submodule(str(node.target)) if node.op == "call_module" else None
        operation = operation_of(node, self._module)
        taken = [self._streams[operand] for operand in operands(node, operation)]
        match module:
            case nn.Conv2d():
                return self._convolution(node, module, *taken)
            case nn.Linear():
                return self._linear(node, module, *taken)
            case nn.MaxPool2d():
                return self._max_pool(node, module)
            case nn.AvgPool2d() | nn.AdaptiveAvgPool2d():
                return self._average_pool(node, module, *taken)
        if operation is Operation.ADD:
            return self._add(node, *taken)
        stream = self._streams[node.all_input_nodes[0]] if node.all_input_nodes else self._input
        is_activation = (
            isinstance(module, ACTIVATIONS) if module else node.target in ACTIVATION_CALLS
        )
        if operation is Operation.PASS or (is_activation and (stream.sums or stream.is_early)):
            return stream
        if node.target in (getattr, "size"):
            raise UnsupportedLayerError(
                f"node '{node.name}' takes the shape of '{node.args[0]}' while the network runs; "
                "hardware has one shape: write sizes as numbers, and torch.flatten(x, 1) for a view"
            )
        called = getattr(node.target, "__name__", node.target)
        kind = type(module).__name__ if module is not None else called
        raise UnsupportedLayerError(
            f"node '{node.name}' ({kind}) has no hardware cost"
            + (
                " here, where codes are read that something else reads too; move it"
                if is_activation
                else "; Conv2d, Linear, BatchNorm, ReLU, ReLU6, MaxPool2d, average pooling, "
                "additions of two tensors and Flatten have"
            )
        )

    def _emit(self, node: Node, *streams: _Stream) -> str:
        self.nodes.append(node)
        self.sources.append(tuple(stream.source for stream in streams))
        return node.name

    def _codes(self, stream: _Stream, node: fx.Node) -> _Stream:
        """Return the codes that sums become at or behind `node`; codes stay as they are."""
        if stream.sums is None:
            return stream
        output = self._format_behind(node)
        name = f"{stream.source}.requantize"
        requantize = Requantize.after(stream.sums, name=name, output=output)
        return _Stream(source=self._emit(requantize, stream), act=output)

    def _format_behind(self, node: fx.Node) -> Format:
        """Return the format that the tensor at or behind `node` has here."""
        while node.users and node.name not in self._tensors:
            node = next(iter(node.users))
        tensor = self._tensors.get(node.name)
        is_unsigned = tensor is not None and tensor.nonnegative and tensor.layer
        return _INNER.unsigned() if is_unsigned else _INNER

    def _convolution(self, node: fx.Node, layer: nn.Conv2d, codes: _Stream) -> _Stream:
        window, mvau = convolution(node, layer, codes.act)
        if window is not None:
            codes = _Stream(source=self._emit(window, codes), act=codes.act)
        return _Stream(source=self._emit(mvau, codes), sums=mvau)

    def _linear(self, node: fx.Node, layer: nn.Linear, codes: _Stream) -> _Stream:
        mvau = linear(node, layer, codes.act)
        return _Stream(source=self._emit(mvau, codes), sums=mvau)

    def _add(self, node: fx.Node, first: _Stream, second: _Stream) -> _Stream:
        shape, *others = {shape_of(operand) for operand in operands(node, Operation.ADD)}
        if others:
            raise UnsupportedLayerError(
                f"addition '{node.name}' adds tensors of shapes {shape} and {others[0]}; "
                "hardware adds tensors of one shape"
            )
        channels = shape[0] if len(shape) == 3 else shape[-1]
        add = Add(
            name=node.name,
            channels=channels,
            vectors=prod(shape) // channels,
            acts=(first.act, second.act),
        )
        return _Stream(source=self._emit(add, first, second), sums=add)

    def _max_pool(self, node: fx.Node, pool: nn.MaxPool2d) -> _Stream:
        stream = self._streams[node.all_input_nodes[0]]
        codes = self._codes(stream, node)
        channels, height, width = shape_of(node.all_input_nodes[0])
        down, right = pair(pool.padding)
        _refuse_ceil_mode(node, pool)
        spec = Pool(
            name=str(node.target),
            reduce=PoolKind.MAX,
            kernel=pair(pool.kernel_size),
            stride=pair(pool.stride),
            pads=(down, right, down, right),
            dilation=pair(pool.dilation),
            channels=channels,
            height=height,
            width=width,
            act=codes.act,
        )
        if not (spec.is_apart or spec.takes_zeros(is_never_negative=not codes.act.signed)):
            raise UnsupportedLayerError(
                f"max pool '{node.target}' has windows that overlap and are padded with 0, though "
                "values may be negative; put a ReLU in front of it"
            )
        is_early = stream.is_early or stream.sums is not None
        return _Stream(source=self._pooled(spec, codes), act=codes.act, is_early=is_early)

    def _pooled(self, spec: Pool, codes: _Stream) -> str:
        """Emit a pool, with a window in front where its own are not apart."""
        if spec.is_apart:
            return self._emit(spec, codes)
        window, rows = spec.laid_out(f"{spec.name}.window")
        return self._emit(rows, _Stream(source=self._emit(window, codes), act=codes.act))

    def _average_pool(
        self, node: fx.Node, pool: nn.AvgPool2d | nn.AdaptiveAvgPool2d, codes: _Stream
    ) -> _Stream:
        channels, height, width = shape_of(node.all_input_nodes[0])
        if isinstance(pool, nn.AvgPool2d):
            _refuse_ceil_mode(node, pool)
            kernel, stride, (down, right) = map(pair, (pool.kernel_size, pool.stride, pool.padding))
            is_uniform = pool.count_include_pad or not (down or right)
        else:
            _, rows, columns = shape_of(node)
            kernel = stride = (height // rows, width // columns)
            down = right = 0
            is_uniform = height % rows == width % columns == 0
        if not is_uniform:
            raise UnsupportedLayerError(
                f"average pool '{node.target}' divides by the number of pixels in each window, "
                "which differs; hardware divides by one number"
            )
        spec = Pool(
            name=str(node.target),
            reduce=PoolKind.AVERAGE,
            kernel=kernel,
            stride=stride,
            pads=(down, right, down, right),
            channels=channels,
            height=height,
            width=width,
            act=codes.act,
        )
        return _Stream(source=self._pooled(spec, codes), sums=spec)


def _refuse_ceil_mode(node: fx.Node, pool: nn.MaxPool2d | nn.AvgPool2d) -> None:
    if pool.ceil_mode:
        raise UnsupportedLayerError(f"pool '{node.target}' uses ceil_mode; pad the image instead")
