"""Accelerators as chains of frozen specs: shapes, formats and widths, checked when they are built.

Streams are NHWC and counted in elements per frame, so a Flatten is no node. Between an `Mvau` (or
an average `Pool`) and the `Requantize` behind it flow exact sums; everywhere else, codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum, StrEnum
from itertools import pairwise
from typing import Any, Self, get_args

from dse.errors import DesignError
from dse.formats import Format, parse_format
from hw_models.accumulator import accumulator_bits, sum_bits


class PoolKind(StrEnum):
    """What a pool makes of a window."""

    MAX = "max"  #: The largest value
    AVERAGE = "average"  #: The exact sum; the division is part of the Requantize behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spec:
    """What all nodes share: a name, counts that are positive, and JSON."""

    name: str

    def _require_positive(self, **counts: int) -> None:
        for what, count in counts.items():
            if count < 1:
                raise DesignError(f"{self.name}: {what} must be at least 1, not {count}")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `node_from_json` reads back."""
        values = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {"kind": type(self).__name__, **values}


def _plain(value: object) -> object:
    if isinstance(value, Format):
        return value.name
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windowed(_Spec):
    """A node that moves a window over an image.

    Attributes:
        kernel: Window height and width.
        stride: Steps down and right.
        pads: Rows and columns of code 0 added at top, left, bottom, right (ONNX order).
        dilation: Distance between window elements, down and right.
        channels: Channels of the image.
        height: Rows of the image, before padding.
        width: Columns of the image, before padding.
        act: Format of the codes.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    channels: int
    height: int
    width: int
    act: Format

    def __post_init__(self) -> None:
        self._require_positive(
            channels=self.channels,
            height=self.height,
            width=self.width,
            kernel=min(self.kernel),
            stride=min(self.stride),
            dilation=min(self.dilation),
        )
        if min(self.pads) < 0:
            raise DesignError(f"{self.name}: pads must not be negative, got {self.pads}")
        if self.out_height < 1 or self.out_width < 1:
            raise DesignError(
                f"{self.name}: a {self.kernel[0]}x{self.kernel[1]} window does not fit "
                f"a padded {self.height}x{self.width} image"
            )

    @property
    def out_height(self) -> int:
        """Rows of windows."""
        reach = (self.kernel[0] - 1) * self.dilation[0] + 1
        return (self.height + self.pads[0] + self.pads[2] - reach) // self.stride[0] + 1

    @property
    def out_width(self) -> int:
        """Columns of windows."""
        reach = (self.kernel[1] - 1) * self.dilation[1] + 1
        return (self.width + self.pads[1] + self.pads[3] - reach) // self.stride[1] + 1

    @property
    def vectors(self) -> int:
        """Windows per frame."""
        return self.out_height * self.out_width

    @property
    def taps(self) -> int:
        """Pixels per window."""
        return self.kernel[0] * self.kernel[1]

    @property
    def in_elements(self) -> int:
        """Elements taken per frame."""
        return self.channels * self.height * self.width

    @property
    def in_format(self) -> Format | None:
        """Format of the codes taken."""
        return self.act


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingWindow(_Windowed):
    """Line buffers that turn an image into the input vectors of a convolution."""

    @property
    def out_elements(self) -> int:
        """Elements given per frame."""
        return self.vectors * self.taps * self.channels

    @property
    def out_format(self) -> Format | None:
        """Format of the codes given."""
        return self.act


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(_Windowed):
    """Maximum or exact sum over windows of each channel.

    Attributes:
        reduce: What is made of a window.
    """

    reduce: PoolKind

    @property
    def out_elements(self) -> int:
        """Elements given per frame."""
        return self.vectors * self.channels

    @property
    def out_format(self) -> Format | None:
        """Format of the codes given; `None` for the sums of an average pool."""
        return self.act if self.reduce is PoolKind.MAX else None

    @property
    def accumulator_bits(self) -> int:
        """Width of a window's exact sum [bit]."""
        return sum_bits(self.taps, self.act.max_integer)

    @property
    def accumulator_lsb(self) -> float:
        """Value of the sum's least significant bit, in units of the codes."""
        return self.act.lsb


@dataclass(frozen=True, slots=True, kw_only=True)
class Mvau(_Spec):
    """Matrix-vector-activation unit: the products and exact sums of a convolution or linear layer.

    Attributes:
        mw: Products per dot product, kernel height · width · input channels / groups.
        mh: Output channels.
        vectors: Output pixels per frame.
        groups: Groups of channels that do not mix; `mh` for a depthwise convolution.
        taps: Kernel height · width; element order within a vector is (tap, channel).
        weight: Format of the weights; integers use their narrow range.
        act: Format of the input codes.
    """

    mw: int
    mh: int
    vectors: int
    groups: int = 1
    taps: int = 1
    weight: Format
    act: Format

    def __post_init__(self) -> None:
        self._require_positive(
            mw=self.mw, mh=self.mh, vectors=self.vectors, groups=self.groups, taps=self.taps
        )
        if self.mh % self.groups:
            raise DesignError(f"{self.name}: {self.groups} groups do not divide mh = {self.mh}")
        if self.mw % self.taps:
            raise DesignError(f"{self.name}: {self.taps} taps do not divide mw = {self.mw}")

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return self.mw * self.mh * self.vectors

    @property
    def weight_bits(self) -> int:
        """Size of the weights [bit]."""
        return self.mw * self.mh * self.weight.bits

    @property
    def accumulator_bits(self) -> int:
        """Width W of the exact accumulator [bit]."""
        return accumulator_bits(self.mw, self.weight, self.act)

    @property
    def accumulator_lsb(self) -> float:
        """Value of the accumulator's least significant bit, in units of the codes' product."""
        return self.weight.lsb * self.act.lsb

    @property
    def in_elements(self) -> int:
        """Elements taken per frame."""
        return self.vectors * self.mw * self.groups

    @property
    def out_elements(self) -> int:
        """Elements given per frame."""
        return self.vectors * self.mh

    @property
    def in_format(self) -> Format | None:
        """Format of the codes taken."""
        return self.act

    @property
    def out_format(self) -> Format | None:
        """`None`: exact sums, not codes."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requantize(_Spec):
    """Scale, bias, BatchNorm, activation and output quantizer: from exact sums to codes.

    Attributes:
        channels: Channels of the stream.
        vectors: Pixels per frame.
        accumulator_bits: Width of the sums [bit], two's complement.
        accumulator_lsb: Value of their least significant bit, in units of the codes.
        output: Format of the codes given.
    """

    channels: int
    vectors: int
    accumulator_bits: int
    accumulator_lsb: float
    output: Format

    def __post_init__(self) -> None:
        self._require_positive(
            channels=self.channels, vectors=self.vectors, accumulator_bits=self.accumulator_bits
        )

    @classmethod
    def after(cls, source: Mvau | Pool, *, name: str, output: Format) -> Self:
        """Build the one that follows `source` and gives codes of format `output`."""
        return cls(
            name=name,
            channels=source.mh if isinstance(source, Mvau) else source.channels,
            vectors=source.vectors,
            accumulator_bits=source.accumulator_bits,
            accumulator_lsb=source.accumulator_lsb,
            output=output,
        )

    @property
    def in_elements(self) -> int:
        """Elements taken per frame."""
        return self.channels * self.vectors

    @property
    def out_elements(self) -> int:
        """Elements given per frame."""
        return self.channels * self.vectors

    @property
    def in_format(self) -> Format | None:
        """`None`: exact sums, not codes."""
        return None

    @property
    def out_format(self) -> Format | None:
        """Format of the codes given."""
        return self.output


Node = SlidingWindow | Mvau | Requantize | Pool


def node_from_json(data: dict[str, Any]) -> Node:
    """Read back what a node's `to_json` wrote.

    Raises:
        DesignError: No node has this kind.
    """
    kinds: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Node)}
    if data["kind"] not in kinds:
        raise DesignError(f"no node of kind '{data['kind']}'; known: {', '.join(kinds)}")
    values = {key: _typed(key, value) for key, value in data.items() if key != "kind"}
    node: Node = kinds[data["kind"]](**values)
    return node


def _typed(key: str, value: Any) -> object:  # noqa: ANN401 - it comes from JSON
    if key in ("weight", "act", "output"):
        return parse_format(value)
    if key == "reduce":
        return PoolKind(value)
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """A chain of nodes from the input codes to the last layer's accumulators.

    A *layer* is an `Mvau` with what belongs to it: the window before it, and the requantizer and
    pools behind it. The requantizer of a layer follows it directly; the last layer may have none.

    Attributes:
        nodes: Nodes in the order of the stream.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DesignError(f"node names must differ; used twice: {', '.join(twice)}")
        if not self.mvaus:
            raise DesignError("an accelerator needs at least one Mvau")
        for source, sink in pairwise(self.nodes):
            _check_stream(source, sink)

    @property
    def mvaus(self) -> tuple[Mvau, ...]:
        """The layers' matrix units, in order."""
        return tuple(node for node in self.nodes if isinstance(node, Mvau))

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return sum(mvau.macs for mvau in self.mvaus)

    @property
    def weight_bits(self) -> int:
        """Size of all weights [bit]."""
        return sum(mvau.weight_bits for mvau in self.mvaus)

    @property
    def layer_of_node(self) -> tuple[int, ...]:
        """Index of the layer each node belongs to, shape `(nodes,)`.

        A window belongs to the layer it feeds; requantizers and pools to the one before them, or
        to the first layer if there is none.
        """
        started, owners = 0, []
        for node in self.nodes:
            is_start = isinstance(node, SlidingWindow | Mvau)
            owners.append(started if is_start else max(started - 1, 0))
            started += isinstance(node, Mvau)
        return tuple(owners)

    def window_of(self, mvau: Mvau) -> SlidingWindow | None:
        """Return the window that feeds `mvau`, or `None` where the stream feeds it directly."""
        position = self.nodes.index(mvau)
        before = self.nodes[position - 1] if position else None
        return before if isinstance(before, SlidingWindow) else None

    def requantize_of(self, mvau: Mvau) -> Requantize | None:
        """Return the requantizer that follows `mvau`, or `None` where its sums leave the chain."""
        behind = self.nodes[self.nodes.index(mvau) + 1 :]
        return behind[0] if behind and isinstance(behind[0], Requantize) else None

    def with_formats(self, weights: Sequence[Format], acts: Sequence[Format]) -> "Accelerator":
        """Return the same shapes with other formats.

        Args:
            weights: Weight format of each layer.
            acts: Format of each layer's input codes. The codes between two layers take that of the
                later one; a requantizer behind the last layer keeps its own.

        Raises:
            DesignError: Not one format per layer.
        """
        if not len(weights) == len(acts) == len(self.mvaus):
            raise DesignError(
                f"{len(self.mvaus)} layers need as many formats, "
                f"not {len(weights)} for weights and {len(acts)} for activations"
            )
        nodes: list[Node] = []
        layer = 0
        for node in self.nodes:
            act = acts[layer] if layer < len(acts) else None
            if isinstance(node, Mvau):
                nodes.append(replace(node, weight=weights[layer], act=acts[layer]))
                layer += 1
            elif isinstance(node, Requantize):
                nodes.append(_requantize_behind(nodes[-1], node, act or node.output))
            else:
                nodes.append(replace(node, act=act or node.act))
        return Accelerator(nodes=tuple(nodes))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back."""
        return {"nodes": [node.to_json() for node in self.nodes]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(nodes=tuple(node_from_json(node) for node in data["nodes"]))


def _requantize_behind(source: Node, node: Requantize, output: Format) -> Requantize:
    """Return `node` behind `source`, whose formats may have changed, for codes of `output`."""
    assert isinstance(source, Mvau | Pool), "the chain was checked when the template was built"
    return Requantize.after(source, name=node.name, output=output)


def _check_stream(source: Node, sink: Node) -> None:
    """Raise `DesignError` unless `sink` takes exactly what `source` gives."""
    if source.out_elements != sink.in_elements:
        raise DesignError(
            f"{source.name} gives {source.out_elements} elements per frame, "
            f"but {sink.name} takes {sink.in_elements}"
        )
    if source.out_format != sink.in_format:
        gives = "exact sums" if source.out_format is None else source.out_format.name
        takes = "exact sums" if sink.in_format is None else sink.in_format.name
        hint = "; put a Requantize between them" if source.out_format is None else ""
        raise DesignError(f"{source.name} gives {gives}, but {sink.name} takes {takes}{hint}")
    if isinstance(sink, Requantize) and isinstance(source, Mvau | Pool):
        expected = Requantize.after(source, name=sink.name, output=sink.output)
        if sink != expected:
            raise DesignError(f"{sink.name} must match {source.name}: {expected}, not {sink}")
