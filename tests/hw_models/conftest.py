"""Small accelerators that the hardware tests share."""

from collections.abc import Callable

import pytest

from dse.formats import parse_format
from hw_models.graph import Accelerator, Mvau, Pool, PoolKind, Requantize, SlidingWindow


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
