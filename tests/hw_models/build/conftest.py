"""A small network with numbers, and the design made of it."""

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.arith.cell import Style
from hw_models.build.design import design
from hw_models.cost.target import load_target
from hw_models.folding import fold
from hw_models.graph import Accelerator, Mvau, Requantize, SlidingWindow
from hw_models.model import Model, ModelInput
from hw_models.rtl.node import Fabric
from hw_models.tail import OutputQuantizer, Shift, Tail


def _model(act="int4", weight="int4", seed=0):
    """Image 5x5: a padded convolution, a requantizer, a linear layer."""
    rng = np.random.default_rng(seed)
    pixels, codes, weights = (parse_format(name) for name in ("uint4", act, weight))
    window = SlidingWindow(
        name="conv_window",
        kernel=(3, 3),
        stride=(2, 2),
        pads=(1, 1, 1, 1),
        channels=1,
        height=5,
        width=5,
        act=pixels,
    )
    conv = Mvau(name="conv", mw=9, mh=4, vectors=9, taps=9, weight=weights, act=pixels)
    fc = Mvau(name="fc", mw=36, mh=4, vectors=1, weight=weights, act=codes)
    quant = Requantize.after(conv, name="conv_quant", output=codes)
    grid = weights.narrow().encode(weights.narrow().grid())
    tail = Tail(
        scale=np.full(4, 1 / 16, dtype=np.float32),
        steps=(Shift(rng.normal(size=4).astype(np.float32)),),
        output=OutputQuantizer(format=codes, scale=float(np.float32(4 / codes.max))),
    )
    return Model(
        accelerator=Accelerator(nodes=(window, conv, quant, fc)),
        input=ModelInput(name="x", shape=(5, 5, 1), format=pixels, scale=1 / 15),
        weights={m.name: rng.choice(grid, (m.mh, m.mw)) for m in (conv, fc)},
        tails={quant.name: tail},
        output=Tail(scale=np.ones(1, dtype=np.float32), output=None),
    )


@pytest.fixture(scope="session")
def make_model():
    return _model


@pytest.fixture(scope="session")
def portable():
    return Fabric(target=load_target("ecp5", "none"), style=Style.PORTABLE)


@pytest.fixture(scope="session")
def small(portable):
    model = _model()
    return design(model, fold(model.accelerator, 81), portable)
