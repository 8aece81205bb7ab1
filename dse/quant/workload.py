"""The layer shapes of a traced network as a graph of hardware specs."""

from dataclasses import dataclass
from math import prod

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from dse.errors import UnsupportedLayerError
from dse.formats import Format, parse_format
from dse.quant.operations import Operation, operands, operation_of
from dse.quant.trace import TracedNetwork
from hw_models.graph import (
    INPUT,
    Accelerator,
    Add,
    Mvau,
    Node,
    Pool,
    PoolKind,
    Requantize,
    SlidingWindow,
)

_ACTIVATIONS = (nn.ReLU, nn.ReLU6)
_ACTIVATION_CALLS = (torch.relu, nn.functional.relu, nn.functional.relu6, "relu")
_INNER = parse_format("int8")


@torch.no_grad()
def template(
    network: TracedNetwork, image_shape: tuple[int, int, int], input_format: Format
) -> Accelerator:
    """Return the network's accelerator with 8-bit integers, to be re-formatted.

    Codes are uint8 where they are never negative, so that `Accelerator.with_formats` knows. Where
    the network's quantizers sit, a `Requantize` turns exact sums into codes; activation functions
    are part of it.

    Args:
        network: Traced network.
        image_shape: `(c, h, w)`.
        input_format: Format of the input codes.

    Raises:
        UnsupportedLayerError: The network holds more than layers, activation functions, pooling,
            additions and reshaping.
    """
    ShapeProp(network.module).propagate(torch.zeros(1, *image_shape))
    builder = _Builder(network, input_format)
    for node in network.module.graph.nodes:
        builder.visit(node)
    return Accelerator(nodes=tuple(builder.nodes), sources=tuple(builder.sources))


def _shape(node: fx.Node) -> tuple[int, ...]:
    """Return the shape of a node's output for one image, without the batch axis."""
    return tuple(node.meta["tensor_meta"].shape[1:])


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


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
            isinstance(module, _ACTIVATIONS) if module else node.target in _ACTIVATION_CALLS
        )
        if operation is Operation.PASS or (is_activation and (stream.sums or stream.is_early)):
            return stream
        kind = type(module).__name__ if module is not None else node.target
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
        kernel, stride, dilation = map(_pair, (layer.kernel_size, layer.stride, layer.dilation))
        pads = _pads(layer, kernel, dilation)
        channels, height, width = _shape(node.all_input_nodes[0])
        if prod(kernel) > 1 or prod(stride) > 1 or any(pads):
            window = SlidingWindow(
                name=f"{node.target}.window",
                kernel=kernel,
                stride=stride,
                pads=pads,
                dilation=dilation,
                channels=channels,
                height=height,
                width=width,
                act=codes.act,
                groups=layer.groups,
            )
            codes = _Stream(source=self._emit(window, codes), act=codes.act)
        mvau = Mvau(
            name=str(node.target),
            mw=prod(kernel) * channels // layer.groups,
            mh=layer.out_channels,
            vectors=prod(_shape(node)[1:]),
            groups=layer.groups,
            taps=prod(kernel),
            weight=_INNER,
            act=codes.act,
        )
        return _Stream(source=self._emit(mvau, codes), sums=mvau)

    def _linear(self, node: fx.Node, layer: nn.Linear, codes: _Stream) -> _Stream:
        mvau = Mvau(
            name=str(node.target),
            mw=layer.in_features,
            mh=layer.out_features,
            vectors=prod(_shape(node)[:-1]),
            weight=_INNER,
            act=codes.act,
        )
        return _Stream(source=self._emit(mvau, codes), sums=mvau)

    def _add(self, node: fx.Node, first: _Stream, second: _Stream) -> _Stream:
        shape, *others = {_shape(operand) for operand in operands(node, Operation.ADD)}
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
        channels, height, width = _shape(node.all_input_nodes[0])
        down, right = _pair(pool.padding)
        _refuse_ceil_mode(node, pool)
        spec = Pool(
            name=str(node.target),
            reduce=PoolKind.MAX,
            kernel=_pair(pool.kernel_size),
            stride=_pair(pool.stride),
            pads=(down, right, down, right),
            dilation=_pair(pool.dilation),
            channels=channels,
            height=height,
            width=width,
            act=codes.act,
        )
        is_early = stream.is_early or stream.sums is not None
        return _Stream(source=self._emit(spec, codes), act=codes.act, is_early=is_early)

    def _average_pool(
        self, node: fx.Node, pool: nn.AvgPool2d | nn.AdaptiveAvgPool2d, codes: _Stream
    ) -> _Stream:
        channels, height, width = _shape(node.all_input_nodes[0])
        if isinstance(pool, nn.AvgPool2d):
            _refuse_ceil_mode(node, pool)
            kernel, stride, (down, right) = map(
                _pair, (pool.kernel_size, pool.stride, pool.padding)
            )
            is_uniform = pool.count_include_pad or not (down or right)
        else:
            _, rows, columns = _shape(node)
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
        return _Stream(source=self._emit(spec, codes), sums=spec)


def _refuse_ceil_mode(node: fx.Node, pool: nn.MaxPool2d | nn.AvgPool2d) -> None:
    if pool.ceil_mode:
        raise UnsupportedLayerError(f"pool '{node.target}' uses ceil_mode; pad the image instead")


def _pads(
    layer: nn.Conv2d, kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return rows and columns of padding at top, left, bottom, right."""
    if layer.padding == "valid":
        return (0, 0, 0, 0)
    if layer.padding == "same":
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        top, left = reach[0] // 2, reach[1] // 2  # torch puts the odd one at the end
        return (top, left, reach[0] - top, reach[1] - left)
    down, right = _pair(layer.padding)  # type: ignore[arg-type]  # strings are handled above
    return (down, right, down, right)
