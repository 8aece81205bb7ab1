"""Collects the nodes of an accelerator while a graph is walked."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dse.errors import UnsupportedLayerError
from dse.formats import Format
from hw_models.frontend.names import Names, shown
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.steps import Quantize
from hw_models.frontend.values import MaxPool, Stream, scales
from hw_models.graph import INPUT, Accelerator, Node, Pool, PoolKind, Requantize
from hw_models.model import Model, ModelInput
from hw_models.nodes import SumNode
from hw_models.tail import Multiply, OutputQuantizer, Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeStream:
    """Codes that a node gives.

    Attributes:
        source: Name of the node, or `INPUT`.
        format: Their format.
        scale: Value of the format's 1.
    """

    source: str
    format: Format
    scale: float


class Builder:
    """Nodes, weights and tails so far."""

    def __init__(
        self, input_name: str, input_shape: tuple[int, int, int], declared_acts: Collection[str]
    ) -> None:
        """Start an accelerator.

        Args:
            input_name: Name of the network's input.
            input_shape: Height, width and channels of its images.
            declared_acts: Activation formats that the file itself says it uses, by name.
        """
        self.names = Names()
        self.declared_acts = declared_acts
        self._input_name = input_name
        self._input_shape = input_shape
        self._input: OutputQuantizer | None = None
        self._nodes: dict[str, Node] = {}
        self._sources: list[tuple[str, ...]] = []
        self._weights: dict[str, NDArray[np.int64]] = {}
        self._tails: dict[str, Tail] = {}
        self._emitted: dict[object, str] = {}

    def add(self, node: Node, *sources: str, weights: NDArray[np.int64] | None = None) -> str:
        """Take a node that reads `sources`; return its name."""
        self._nodes[node.name] = node
        self._sources.append(sources)
        if weights is not None:
            self._weights[node.name] = weights
        return node.name

    def quantize_input(self, node: OnnxNode | None, quantizer: OutputQuantizer) -> None:
        """Let the host quantize the input.

        Raises:
            UnsupportedLayerError: It is to be quantized in another way already.
        """
        if self._input is not None and self._input != quantizer and node is not None:
            raise node.unsupported(
                "quantizes the network's input, as another node does with another format or "
                "scale; quantize it once"
            )
        self._input = quantizer

    def codes(self, node: OnnxNode, stream: Stream, tensor: str) -> CodeStream:
        """Return the codes of a stream, making the nodes that compute them.

        Args:
            node: Who reads them.
            stream: The stream.
            tensor: What `node` calls it, for the message.

        Raises:
            UnsupportedLayerError: The stream holds real values.
        """
        if stream.quantizer is None:
            raise node.unsupported(
                f"reads real values from '{tensor}'; put a quantizer (Quant or FloatQuant) in front"
            )
        source = stream.source
        act = stream.quantizer.format
        if source != INPUT:
            key = (source, stream.steps, stream.quantizer)  # equal quantizers of one tensor share
            if key not in self._emitted:
                self._emitted[key] = self._requantize(stream)
            source = self._emitted[key]
        for pool in stream.pools:
            if (source, pool) not in self._emitted:
                self._emitted[source, pool] = self._max_pool(pool, source, stream)
            source = self._emitted[source, pool]
        return CodeStream(source=source, format=act, scale=stream.code_scale)

    def pooled(self, spec: Pool, source: str, *, is_never_negative: bool) -> str:
        """Add a pool, and a window in front where its own are not apart; return its name.

        A padded maximum of values that may be negative stays as it is, for which there is no RTL.
        """
        if spec.is_apart or not spec.takes_zeros(is_never_negative=is_never_negative):
            return self.add(spec, source)
        window, rows = spec.laid_out(self.names.take(f"{spec.name}_window"))
        return self.add(rows, self.add(window, source))

    def reals(self, node: OnnxNode, stream: Stream) -> Stream:
        """Return the stream as real values to which steps can be added."""
        if stream.quantizer is None:
            return stream
        if stream.source == INPUT:
            codes = self.codes(node, stream, "")
            return self._widened(node, codes, stream)
        steps = (*stream.steps, Quantize(quantizer=stream.quantizer))
        if stream.gain != 1:
            steps = (*steps, Multiply(scales(node, stream.gain)))
        return replace(stream, steps=steps, quantizer=None, gain=1.0)

    def model(self, output: Stream, last: OnnxNode, host: tuple[OnnxNode, ...]) -> Model:
        """Return the model whose outputs are those of `output`.

        Args:
            output: What leaves the hardware.
            last: Node to blame where it cannot.
            host: Nodes behind it.
        """
        if output.quantizer is not None:
            codes = self.codes(last, output, "")
            tail = Tail(scale=scales(last, codes.format.lsb * codes.scale), output=None)
        else:
            if output.pools:
                raise last.unsupported("ends in a max pool of real values; put a quantizer behind")
            tail = Tail(scale=output.scale, steps=output.steps, output=None)
        if self._input is None or not self._weights:
            raise last.unsupported("no convolution or matrix product leads to the output")
        return Model(
            accelerator=Accelerator(
                nodes=tuple(self._nodes.values()), sources=tuple(self._sources)
            ),
            input=ModelInput(
                name=self._input_name,
                shape=self._input_shape,
                format=self._input.format,
                scale=self._input.scale,
            ),
            weights=self._weights,
            tails=self._tails,
            output=tail,
            host_nodes=tuple(node.name for node in host),
        )

    def _requantize(self, stream: Stream) -> str:
        source = self._nodes[stream.source]
        assert isinstance(source, SumNode), "streams of real values start at sums"
        assert stream.quantizer is not None
        tail = Tail(scale=stream.scale, steps=stream.steps, output=stream.quantizer)
        largest = 2.0 ** (source.accumulator_bits - 1)
        sums = np.outer([-largest, -1, 0, 1, largest], np.ones(stream.channels))
        with np.errstate(all="ignore"):
            if np.isnan(tail.values(sums.astype(object))).any():
                raise UnsupportedLayerError(
                    f"quantizer '{shown(stream.quantizer_name)}': the constants before it are so "
                    "large or small that float32 gives NaN"
                )
        name = self.names.take(stream.quantizer_name)
        spec = Requantize.after(source, name=name, output=stream.quantizer.format)
        self._tails[name] = tail
        return self.add(spec, stream.source)

    def _max_pool(self, pool: MaxPool, source: str, stream: Stream) -> str:
        assert stream.quantizer is not None, "pools read codes"
        spec = Pool(
            name=self.names.take(pool.name),
            reduce=PoolKind.MAX,
            kernel=pool.window.kernel,
            stride=pool.window.stride,
            pads=pool.window.pads,
            dilation=pool.window.dilation,
            channels=stream.channels,
            height=pool.height,
            width=pool.width,
            act=stream.quantizer.format,
        )
        return self.pooled(spec, source, is_never_negative=stream.is_never_negative)

    def _widened(self, node: OnnxNode, codes: CodeStream, stream: Stream) -> Stream:
        """Return codes as sums of one term each, so that a tail can follow."""
        spec = Pool(
            name=self.names.take(f"{stream.quantizer_name or self._input_name}_sums"),
            reduce=PoolKind.AVERAGE,
            kernel=(1, 1),
            channels=stream.channels,
            height=1,
            width=stream.order.size // stream.channels,
            act=codes.format,
        )
        return Stream(
            source=self.add(spec, codes.source),
            channels=stream.channels,
            scale=scales(node, codes.format.lsb * codes.scale),
            order=stream.order,
            is_never_negative=stream.is_never_negative,
        )
