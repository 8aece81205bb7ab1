from collections.abc import Callable

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.graph import Accelerator, Mvau, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.model import Model, ModelInput
from hw_models.tail import BatchNorm, OutputQuantizer, Tail


def _tail(node: Requantize, rng: np.random.Generator) -> Tail:
    """A scale, and a BatchNorm with some negative gammas, so that some channels decrease."""
    channels = node.channels
    gamma = np.where(rng.random(channels) < 0.3, -1, 1) * rng.uniform(0.5, 1.5, channels)
    reach = node.output.max / 2.0 ** (node.accumulator_bits - 4)
    return Tail(
        scale=np.full(channels, reach, np.float32),
        steps=(
            BatchNorm(
                weight=gamma.astype(np.float32),
                bias=rng.uniform(-1, 1, channels).astype(np.float32),
                mean=np.zeros(channels, np.float32),
                variance=np.ones(channels, np.float32),
                epsilon=1e-5,
            ),
        ),
        output=OutputQuantizer(format=node.output, scale=1.0),
    )


def _model(weight: str, act: str) -> Model:
    """Convolution, max pool, convolution, linear, with random weights."""
    rng = np.random.default_rng(0)
    w, a, pixels = parse_format(weight), parse_format(act), parse_format("uint5")
    conv1 = Mvau(name="conv1", mw=9, mh=4, vectors=64, taps=9, weight=w, act=pixels)
    conv2 = Mvau(name="conv2", mw=36, mh=8, vectors=16, taps=9, weight=w, act=a)
    nodes = (
        SlidingWindow(
            name="window1", kernel=(3, 3), pads=(1, 1, 1, 1), channels=1, height=8, width=8,
            act=pixels,
        ),
        conv1,
        Requantize.after(conv1, name="quant1", output=a),
        Pool(
            name="pool", reduce=PoolKind.MAX, kernel=(2, 2), stride=(2, 2), channels=4, height=8,
            width=8, act=a,
        ),
        SlidingWindow(
            name="window2", kernel=(3, 3), pads=(1, 1, 1, 1), channels=4, height=4, width=4, act=a
        ),
        conv2,
        Requantize.after(conv2, name="quant2", output=a),
        Mvau(name="fc", mw=128, mh=10, vectors=1, weight=w, act=a),
    )  # fmt: skip
    accelerator = Accelerator(nodes=nodes)
    finite = np.flatnonzero(np.isfinite(w.narrow().code_values()))
    return Model(
        accelerator=accelerator,
        input=ModelInput(name="x", shape=(8, 8, 1), format=pixels, scale=1 / 16),
        weights={m.name: rng.choice(finite, (m.mh, m.mw)) for m in accelerator.mvaus},
        tails={n.name: _tail(n, rng) for n in nodes if isinstance(n, Requantize)},
        output=Tail(scale=np.ones(1, np.float32), output=None),
    )


@pytest.fixture(scope="session")
def make_model() -> Callable[[str, str], Model]:
    return _model
