"""The nodes of accelerators as frozen specs: shapes, formats and widths, checked when built.

Streams are NHWC and counted in elements per frame, so a Flatten is no node. Between an `Mvau`, an
`Add` or an average `Pool` and the `Requantize` behind it flow exact sums; everywhere else, codes.
"""

from dataclasses import dataclass, fields, replace
from enum import Enum, StrEnum
from math import frexp, ldexp
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
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


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
    """Line buffers that turn an image into the input vectors of a convolution.

    Attributes:
        groups: Groups of channels that the convolution does not mix, as `Mvau.groups`.
    """

    groups: int = 1

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
    def is_apart(self) -> bool:
        """Whether windows do not overlap and have no gaps, as ``lib/pool.sv`` needs them."""
        apart = all(size <= step for size, step in zip(self.kernel, self.stride, strict=True))
        return apart and self.dilation == (1, 1)

    def takes_zeros(self, *, is_never_negative: bool) -> bool:
        """Return whether pads may be zeros: sums take them, maxima of values from 0 up do."""
        return self.reduce is PoolKind.AVERAGE or is_never_negative or not any(self.pads)

    def laid_out(self, name: str) -> "tuple[SlidingWindow, Pool]":
        """Return what pools windows that are not apart: each laid out in a row, and rows pooled.

        Pads are zeros, see `takes_zeros`.

        Args:
            name: Of the window.
        """
        window = SlidingWindow(
            name=name,
            kernel=self.kernel,
            stride=self.stride,
            pads=self.pads,
            dilation=self.dilation,
            channels=self.channels,
            height=self.height,
            width=self.width,
            act=self.act,
        )
        row = (1, self.taps)
        rows = replace(
            self,
            height=self.vectors,
            width=self.taps,
            kernel=row,
            stride=row,
            pads=(0, 0, 0, 0),
            dilation=(1, 1),
        )
        return window, rows

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
class Add(_Spec):
    """Exact sum of two streams of codes, such as a residual connection.

    Attributes:
        channels: Channels of both streams.
        vectors: Pixels per frame.
        acts: Formats of the two streams.
        shifts: Left shift of each stream's integers, which brings both to one lsb. The scales of
            the streams are equal, or a power of two apart.
    """

    channels: int
    vectors: int
    acts: tuple[Format, Format]
    shifts: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self._require_positive(channels=self.channels, vectors=self.vectors)
        if min(self.shifts) != 0:
            raise DesignError(f"{self.name}: the smaller of the shifts {self.shifts} must be 0")

    def with_acts(self, first: Format, second: Format) -> Self:
        """Return the addition of codes of other formats, whose scales stay what they are."""
        acts = first, second
        exponents = [frexp(act.lsb)[1] for act in (*acts, *self.acts)]
        places = [self.shifts[at] + exponents[at] - exponents[2 + at] for at in (0, 1)]
        least = min(places)
        return replace(self, acts=acts, shifts=(places[0] - least, places[1] - least))

    @property
    def accumulator_bits(self) -> int:
        """Width of the exact sum [bit]."""
        streams = zip(self.acts, self.shifts, strict=True)
        return sum_bits(1, sum(act.max_integer << shift for act, shift in streams))

    @property
    def accumulator_lsb(self) -> float:
        """Value of the sum's least significant bit, in units of the first stream's codes."""
        return ldexp(self.acts[0].lsb, -self.shifts[0])

    @property
    def in_elements(self) -> int:
        """Elements taken per frame from each stream."""
        return self.channels * self.vectors

    @property
    def out_elements(self) -> int:
        """Elements given per frame."""
        return self.channels * self.vectors

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
    def after(cls, source: Mvau | Pool | Add, *, name: str, output: Format) -> Self:
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


SumNode = Mvau | Pool | Add
"""Nodes that can give exact sums; a `Pool` does if it averages."""

Node = SlidingWindow | Mvau | Requantize | Pool | Add


def in_format(node: Node, port: int) -> Format | None:
    """Return the format of the codes `node` takes at `port`; `None` for exact sums."""
    return node.acts[port] if isinstance(node, Add) else node.in_format


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
    if key == "acts":
        return tuple(parse_format(name) for name in value)
    if key == "reduce":
        return PoolKind(value)
    return tuple(value) if isinstance(value, list) else value
