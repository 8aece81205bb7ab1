"""Small accelerators that the hardware tests share."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.graph import Accelerator, Mvau, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.tail import BatchNorm, Clip, LeakyRelu, OutputQuantizer, Shift, Sigmoid, Tail


def _mvau(weight="int8", act="int8", *, name="fc", mw=64, mh=32, vectors=1, groups=1, taps=1):
    return Mvau(
        name=name,
        mw=mw,
        mh=mh,
        vectors=vectors,
        groups=groups,
        taps=taps,
        weight=parse_format(weight),
        act=parse_format(act),
    )


def _window(name, channels, size, act, groups=1):
    return SlidingWindow(
        name=name,
        kernel=(3, 3),
        pads=(1, 1, 1, 1),
        channels=channels,
        height=size,
        width=size,
        act=parse_format(act),
        groups=groups,
    )


def _pool(name, reduce, kernel, channels, size, act):
    return Pool(
        name=name,
        reduce=reduce,
        kernel=(kernel, kernel),
        stride=(kernel, kernel),
        channels=channels,
        height=size,
        width=size,
        act=parse_format(act),
    )


def _cnn(weight="int8", act="int8", first="uint5"):
    """Image 8x8: convolution, max pool, depthwise, pointwise, mean, linear; every kind of node."""
    codes = parse_format(act)
    conv = _mvau(weight, first, name="conv", mw=9, mh=16, vectors=64, taps=9)
    depthwise = _mvau(weight, act, name="dw", mw=9, mh=16, vectors=16, groups=16, taps=9)
    pointwise = _mvau(weight, act, name="pw", mw=16, mh=32, vectors=16)
    mean = _pool("mean", PoolKind.AVERAGE, 4, 32, 4, act)
    return Accelerator(
        nodes=(
            _window("conv.window", 1, 8, first),
            conv,
            Requantize.after(conv, name="conv.quant", output=codes),
            _pool("pool", PoolKind.MAX, 2, 16, 8, act),
            _window("dw.window", 16, 4, act, groups=16),
            depthwise,
            Requantize.after(depthwise, name="dw.quant", output=codes),
            pointwise,
            Requantize.after(pointwise, name="pw.quant", output=codes),
            mean,
            Requantize.after(mean, name="mean.quant", output=codes),
            _mvau(weight, act, name="fc", mw=32, mh=10),
        )
    )


@pytest.fixture(scope="session")
def make_mvau() -> Callable[..., Mvau]:
    return _mvau


@pytest.fixture(scope="session")
def make_cnn() -> Callable[..., Accelerator]:
    return _cnn


def _tail(output, bits, channels, kind, seed=0):
    """A tail whose codes cover most of `output` over sums of `bits` bits.

    Kinds: ``ties`` (powers of two only), ``normal`` (BatchNorm that rises or falls), ``steep``
    (one that is never flat), ``relu``, ``leaky`` and ``sigmoid``.
    """
    rng = np.random.default_rng(seed)
    act = parse_format(output)
    largest = max(act.max, -act.min)

    def some(low, high):
        return rng.uniform(low, high, channels).astype(np.float32)

    if kind == "ties":
        scale = np.exp2(np.floor(some(-1, 2)) - bits).astype(np.float32)
        return Tail(
            scale=scale,
            output=OutputQuantizer(format=act, scale=float(2.0 ** -np.round(np.log2(largest)))),
        )
    normal = BatchNorm(
        weight=some(-1, 1), bias=some(-0.2, 0.2), mean=some(-0.2, 0.2),
        variance=some(0.5, 2), epsilon=1e-5,
    )  # fmt: skip
    steep = replace(normal, weight=some(0.5, 1.5) * rng.choice([-1, 1], channels).astype("f4"))
    steps = {
        "normal": (normal,),
        "steep": (steep,),
        "relu": (Shift(some(-0.3, 0.3)), Clip(low=0.0, high=np.inf)),
        "leaky": (normal, LeakyRelu(some(0, 0.5))),
        "sigmoid": (normal, Sigmoid()),
    }[kind]
    scale = (some(0.5, 2) * 2.0 ** (1 - bits)).astype(np.float32)
    quantizer = OutputQuantizer(format=act, scale=float(np.float32(0.7 / largest)))
    return Tail(scale=scale, steps=steps, output=quantizer)


@pytest.fixture(scope="session")
def make_tail() -> Callable[..., Tail]:
    return _tail
