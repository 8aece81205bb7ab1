"""The exact integer semantics of accelerators: what hardware must equal bit for bit."""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError, UnmodelledError
from dse.formats import Format
from hw_models.graph import INPUT, Add, Mvau, Node, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.model import Model
from hw_models.nodes import in_format
from hw_models.tail import IntArray, SumArray

_EXACT_BITS = 53
"""Integers up to this width are exact in float64, whose matrix products are the fastest."""
_INT64_BITS = 63
_BATCH = 32

FloatArray = NDArray[np.float64]


def golden(model: Model, codes: IntArray) -> dict[str, SumArray]:
    """Return what every node gives, by name; windows are left out.

    Args:
        model: Accelerator with its weights and tails.
        codes: Codes of the input images, shape `(n, height, width, channels)`.

    Returns:
        Codes, or exact sums, of shape `(n, vectors, channels)`. Sums are int64, or Python integers
        where they are wider than 63 bits.

    Raises:
        DesignError: Images of another shape.
    """
    if codes.shape[1:] != model.input.shape:
        raise DesignError(f"images must have shape {model.input.shape}, not {codes.shape[1:]}")
    batches = [_run(model, codes[i : i + _BATCH]) for i in range(0, len(codes), _BATCH)]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def golden_outputs(model: Model, codes: IntArray) -> SumArray:
    """Return what the last node gives, shape `(n, vectors, channels)`."""
    return golden(model, codes)[model.accelerator.nodes[-1].name]


def _run(model: Model, codes: IntArray) -> dict[str, SumArray]:
    given: dict[str, SumArray] = {INPUT: codes}
    accelerator = model.accelerator
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        given[node.name] = compute(node, tuple(given[name] for name in sources), model)
    kept = (node.name for node in accelerator.nodes if not isinstance(node, SlidingWindow))
    return {name: given[name] for name in kept}


@singledispatch
def compute(node: Node, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    """Return what `node` gives for the streams it takes, shapes `(n, vectors, channels)`.

    Raises:
        UnmodelledError: A kind of node without a rule.
    """
    raise UnmodelledError(f"no golden rule for nodes of kind {type(node).__name__}")


@compute.register
def _(node: SlidingWindow, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    windows = _windows(node, _image(node, streams[0]).astype(np.int64), 0)
    vectors: IntArray = windows.reshape(len(windows), node.vectors, -1)
    return vectors


@compute.register
def _(node: Mvau, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    acts = _integers(node.act, streams[0])
    weights = _integers(node.weight, model.weights[node.name])
    if node.groups == 1:
        return _exact_matmul(acts.reshape(-1, node.vectors, node.mw), weights.T, node)
    # (n, vectors, taps, groups, channels of a group) x (groups, outputs of a group, taps, channels)
    inner = node.mw // node.taps
    split = acts.reshape(-1, node.vectors, node.taps, node.groups, inner)
    rows = split.transpose(3, 0, 1, 2, 4).reshape(node.groups, -1, node.mw)
    per_group = weights.reshape(node.groups, -1, node.mw)
    sums: list[NDArray[Any]] = [
        _exact_matmul(x, w.T, node) for x, w in zip(rows, per_group, strict=True)
    ]
    return np.concatenate(sums, axis=-1).reshape(-1, node.vectors, node.mh)


@compute.register
def _(node: Requantize, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    sums = streams[0].reshape(-1, node.vectors, node.channels)
    return model.tails[node.name].codes(sums)


@compute.register
def _(node: Pool, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    if node.reduce is PoolKind.AVERAGE:
        integers = _integers(node.act, _image(node, streams[0]))
        sums: IntArray = _windows(node, integers, 0).sum(axis=(3, 4)).astype(np.int64)
        return sums.reshape(len(sums), node.vectors, node.channels)
    values = node.act.decode(_image(node, streams[0]))
    largest = _windows(node, values, node.act.min).max(axis=(3, 4))  # padding is never larger
    return node.act.encode(largest).reshape(len(largest), node.vectors, node.channels)


@compute.register
def _(node: Add, streams: tuple[SumArray, ...], model: Model) -> SumArray:
    total: SumArray = np.zeros((), dtype=np.int64)
    for port, (stream, shift) in enumerate(zip(streams, node.shifts, strict=True)):
        act = in_format(node, port)
        assert act is not None, "an addition takes codes"
        integers = _integers(act, stream.reshape(-1, node.vectors, node.channels))
        total = total + (integers.astype(np.int64) << shift)
    return total


def _integers(number_format: Format, codes: SumArray) -> FloatArray:
    """Return the values of codes in units of the format's lsb."""
    return number_format.decode(codes.astype(np.int64)) / number_format.lsb


def _image(node: SlidingWindow | Pool, stream: SumArray) -> SumArray:
    return stream.reshape(-1, node.height, node.width, node.channels)


Number = TypeVar("Number", np.int64, np.float64)


def _windows(node: SlidingWindow | Pool, image: NDArray[Number], padding: float) -> NDArray[Number]:
    """Return the windows of images.

    Shape `(n, rows, columns, kernel rows, kernel columns, channels)`.
    """
    top, left, bottom, right = node.pads
    padded = np.pad(image, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=padding)
    reach = tuple((k - 1) * d + 1 for k, d in zip(node.kernel, node.dilation, strict=True))
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(1, 2))
    down, right_step = node.stride
    every = views[:, ::down, ::right_step, :, :: node.dilation[0], :: node.dilation[1]]
    return every.transpose(0, 1, 2, 4, 5, 3)


def _exact_matmul(acts: FloatArray, weights: FloatArray, mvau: Mvau) -> SumArray:
    """Return exact dot products, shape `(…, outputs)`.

    Wide integers are cut into limbs whose products sum up within float64's significand.
    """
    if mvau.accumulator_bits <= _EXACT_BITS:
        return (acts @ weights).astype(np.int64)
    limb_bits = (_EXACT_BITS - 1 - mvau.mw.bit_length()) // 2
    kind = np.int64 if mvau.accumulator_bits <= _INT64_BITS else object
    total: SumArray = np.zeros((), dtype=kind)
    for i, x in enumerate(_limbs(acts, limb_bits)):
        for j, w in enumerate(_limbs(weights, limb_bits)):
            part = (x @ w).astype(np.int64).astype(kind)
            total = total + part * (1 << limb_bits * (i + j))
    return total


def _limbs(integers: FloatArray, bits: int) -> list[FloatArray]:
    """Return signed digits of `bits` bits, the lowest first, that make up `integers`."""
    limbs = []
    while integers.any():
        rest = np.trunc(integers / 2.0**bits)
        limbs.append(integers - rest * 2.0**bits)
        integers = rest
    return limbs or [integers]


def used_codes(trace: Mapping[str, SumArray], model: Model) -> dict[str, int]:
    """Return how many distinct codes each `Requantize` gave in a trace, by name."""
    return {
        node.name: len(np.unique(trace[node.name]))
        for node in model.accelerator.nodes
        if isinstance(node, Requantize)
    }
