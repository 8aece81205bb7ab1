from itertools import product

import numpy as np
import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.graph import Accelerator, Add, Mvau, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.model import Model, ModelInput
from hw_models.sim.golden import golden, golden_outputs, used_codes
from hw_models.tail import OutputQuantizer, Tail

INT4 = parse_format("int4")


def random_codes(number_format, shape, rng):
    finite = np.flatnonzero(np.isfinite(number_format.code_values()))
    return rng.choice(finite, shape)


def integer(number_format, code):
    return int(number_format.decode(np.array([code]))[0] / number_format.lsb)


def tail(channels, output, scale):
    ones = np.full(channels, scale, np.float32)
    return Tail(scale=ones, output=OutputQuantizer(format=output, scale=1.0))


def host(channels):
    return Tail(scale=np.ones(channels, np.float32), output=None)


def model(nodes, shape, act, sources=(), seed=0, scale=0.01):
    rng = np.random.default_rng(seed)
    weights = {
        node.name: random_codes(node.weight.narrow(), (node.mh, node.mw), rng)
        for node in nodes
        if isinstance(node, Mvau)
    }
    tails = {
        node.name: tail(node.channels, node.output, scale)
        for node in nodes
        if isinstance(node, Requantize)
    }
    return Model(
        accelerator=Accelerator(nodes=nodes, sources=sources),
        input=ModelInput(name="x", shape=shape, format=act, scale=1.0),
        weights=weights,
        tails=tails,
        output=host(1),
    )


@pytest.mark.parametrize("weight", ["int4", "e2m1", "e5m2"])
@pytest.mark.parametrize("act", ["uint8", "e4m3", "e5m2"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_convolution_equals_python_integers(weight, act, groups):
    weight, act = parse_format(weight), parse_format(act)
    height, width, channels, outputs, kernel, stride, dilation = 6, 5, 4, 4, (3, 2), (2, 1), (1, 2)
    pads = (1, 0, 2, 1)
    window = SlidingWindow(
        name="window", kernel=kernel, stride=stride, pads=pads, dilation=dilation,
        channels=channels, height=height, width=width, act=act, groups=groups,
    )  # fmt: skip
    mvau = Mvau(
        name="conv", mw=6 * channels // groups, mh=outputs, vectors=window.vectors, groups=groups,
        taps=6, weight=weight, act=act,
    )  # fmt: skip
    net = model((window, mvau), (height, width, channels), act)
    codes = random_codes(act, (2, height, width, channels), np.random.default_rng(1))
    sums = golden_outputs(net, codes)
    assert sums.dtype == (object if mvau.accumulator_bits > 63 else np.int64)
    per_group, inner = outputs // groups, channels // groups
    for n, row, column, out in product(
        range(2), range(window.out_height), range(window.out_width), range(outputs)
    ):
        total = 0
        for tap, (i, j) in enumerate(product(range(kernel[0]), range(kernel[1]))):
            y, x = row * 2 + i - pads[0], column + j * 2 - pads[1]
            if not (0 <= y < height and 0 <= x < width):
                continue
            for c in range(inner):
                w = net.weights["conv"][out, tap * inner + c]
                a = codes[n, y, x, out // per_group * inner + c]
                total += integer(weight, w) * integer(act, a)
        assert sums[n, row * window.out_width + column, out] == total


@pytest.mark.parametrize("act", ["int4", "e3m2"])
def test_pools_and_additions(act):
    act = parse_format(act)
    largest = Pool(
        name="max", reduce=PoolKind.MAX, kernel=(2, 2), stride=(2, 2), pads=(0, 0, 1, 1),
        channels=3, height=3, width=3, act=act,
    )  # fmt: skip
    total = Add(name="add", channels=3, vectors=4, acts=(act, act), shifts=(0, 2))
    back = Requantize.after(total, name="back", output=act)
    mean = Pool(
        name="mean", reduce=PoolKind.AVERAGE, kernel=(2, 2), stride=(2, 2),
        channels=3, height=2, width=2, act=act,
    )  # fmt: skip
    low = Requantize.after(mean, name="low", output=INT4)
    fc = Mvau(name="fc", mw=3, mh=2, vectors=1, weight=INT4, act=INT4)
    nodes = (largest, total, back, mean, low, fc)
    sources = (("",), ("max", "max"), ("add",), ("back",), ("mean",), ("low",))
    net = model(nodes, (3, 3, 3), act, sources, scale=0.25)
    codes = random_codes(act, (2, 3, 3, 3), np.random.default_rng(2))
    trace = golden(net, codes)
    values = act.decode(codes)
    padded = np.pad(values, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    for row, column in product(range(2), repeat=2):
        block = padded[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].max(axis=(1, 2))
        given = act.decode(trace["max"][:, 2 * row + column])
        assert np.array_equal(given, block)
    sums = trace["add"] * act.lsb
    assert np.array_equal(sums, 5 * act.decode(trace["max"]))
    assert np.array_equal(trace["mean"][:, 0] * act.lsb, act.decode(trace["back"]).sum(axis=1))
    assert used_codes(trace, net).keys() == {"back", "low"}


def test_images_of_another_shape_are_refused():
    fc = Mvau(name="fc", mw=12, mh=2, vectors=1, weight=INT4, act=INT4)
    with pytest.raises(DesignError, match=r"\(2, 2, 3\), not \(3, 2, 2\)"):
        golden(model((fc,), (2, 2, 3), INT4), np.zeros((1, 3, 2, 2), int))
