"""What a tensor of the file is while the graph is walked."""

from dataclasses import dataclass, replace

import numpy as np

from hw_models.frontend.layout import Order
from hw_models.frontend.network import Array, OnnxNode
from hw_models.frontend.quantizers import FloatArray, Grid
from hw_models.frontend.steps import never_falls
from hw_models.frontend.windows import Window
from hw_models.tail import OutputQuantizer, Step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constant:
    """A tensor that does not depend on the input.

    Attributes:
        values: Its values.
        grid: The codes behind them, if a quantizer made them.
    """

    values: Array
    grid: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool:
    """A max pool that follows once the codes it reads exist."""

    name: str
    window: Window
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """A tensor that flows through hardware: exact sums, a tail so far, a quantizer, max pools.

    Whatever stands between sums and codes is kept until something reads the codes, and only then
    becomes nodes. Everything in a tail is monotone and pools commute with it, so that max pools
    always come last.

    Attributes:
        source: Node that gives the sums, or `INPUT`.
        channels: Channels of the stream.
        scale: Value of a sum's least significant bit, shape `(channels,)` or `(1,)`.
        steps: Float32 steps so far.
        quantizer: Quantizer at the end; `None` while the tensor holds real values.
        quantizer_name: Name of the quantizer's node.
        gain: What the codes' scale has been multiplied by since.
        pools: Max pools behind the quantizer.
        order: Places of the tensor's elements in the stream.
        border: Rows and columns of zeros around the image that a Pad node has added: top, left,
            bottom, right. They are no part of the stream; what slides a window adds them.
        is_never_negative: Whether no value is below 0.
    """

    source: str
    channels: int
    scale: FloatArray
    steps: tuple[Step, ...] = ()
    quantizer: OutputQuantizer | None = None
    quantizer_name: str = ""
    gain: float = 1.0
    pools: tuple[MaxPool, ...] = ()
    order: Order
    border: tuple[int, int, int, int] = (0, 0, 0, 0)
    is_never_negative: bool = False

    @property
    def code_scale(self) -> float:
        """Value of the format's 1, where the tensor is quantized."""
        assert self.quantizer is not None, "real values have no codes"
        return self.quantizer.scale * self.gain

    def with_step(self, node: OnnxNode, step: Step, *, is_never_negative: bool) -> "Stream":
        """Return the stream of real values with one more step.

        Raises:
            UnsupportedLayerError: A max pool stands before it, and the step falls somewhere, so
                that it makes a minimum of the maximum.
        """
        assert self.quantizer is None, "steps follow real values"
        if self.pools and not never_falls((step,)):
            raise node.unsupported(
                f"has a negative factor behind max pool '{self.pools[-1].name}' with no quantizer "
                "between; quantize before the pool"
            )
        return replace(self, steps=(*self.steps, step), is_never_negative=is_never_negative)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnHost:
    """A tensor that the host computes from the last stream.

    Attributes:
        stream: What leaves the hardware.
        nodes: Nodes that the host evaluates.
    """

    stream: Stream
    nodes: tuple[OnnxNode, ...]


Value = Constant | Stream | OnHost


def scales(node: OnnxNode, values: object) -> FloatArray:
    """Return scales, computed in float64, as float32 numbers of shape `(n,)`.

    Raises:
        UnsupportedLayerError: They leave float32's normal range.
    """
    exact = np.atleast_1d(np.asarray(values, dtype=np.float64))
    limits = np.finfo(np.float32)
    if not ((exact >= limits.tiny) & (exact <= limits.max)).all():
        raise node.unsupported("the product of its scales leaves float32's normal range")
    return exact.astype(np.float32)
