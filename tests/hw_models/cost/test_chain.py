"""The cheapest foldings of many points at once, against the integer program and the cost model."""

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.cost import estimate
from hw_models.cost.best_folding import cheapest_folding
from hw_models.cost.chain import NUMBERS, Chain, foldings_within
from hw_models.cost.target import load_target
from hw_models.folding import layer_ii_cycles, legal_foldings
from hw_models.graph import Accelerator, Requantize
from hw_models.resources import Resources

ENDLESS = Resources(lut=10**9, ff=10**9, dsp=10**9, bram18=10**9, uram=10**9)
FORMATS = [parse_format(name) for name in ("int8", "int3", "e2m1", "e4m3")]


@pytest.fixture(params=["cnn", "mlp"])
def network(request, make_cnn, make_mvau):
    if request.param == "cnn":
        return make_cnn()
    first, second = (
        make_mvau(name=f"fc{index}", mw=mw, mh=mh, weight="int4", act="int8")
        for index, (mw, mh) in enumerate(((12, 8), (8, 6)))
    )
    between = Requantize.after(first, name="q", output=parse_format("int8"))
    return Accelerator(nodes=(first, between, second))


@pytest.mark.parametrize("slower", [1.0, 3.0])
def test_no_other_folding_takes_fewer_luts(network, slower):
    fastest = max(min(ii) for ii in _ii_cycles(network))
    options = foldings_within(network, int(slower * fastest))
    rng = np.random.default_rng(0)
    formats = [*FORMATS, network.mvaus[0].act]
    weights, acts = rng.integers(0, len(FORMATS), (2, 5, len(network.mvaus)))
    acts[:, 0] = len(FORMATS)
    chain = Chain(network, formats, options, load_target("ecp5", "none"))
    costs, chosen = chain.cheapest(weights, acts)
    for point in range(len(weights)):
        formatted = network.with_formats(
            [formats[index] for index in weights[point]], [formats[index] for index in acts[point]]
        )
        foldings = [options[layer][option] for layer, option in enumerate(chosen[point])]
        taken = estimate(formatted, foldings, "ecp5", "none").resources
        assert [getattr(taken, name) for name in NUMBERS] == costs[point].tolist()
        best = cheapest_folding(formatted, int(slower * fastest), ENDLESS, "ecp5", "none")
        assert taken.lut == estimate(formatted, best, "ecp5", "none").resources.lut


def test_the_slowest_node_of_every_folding_is_known(network):
    options = [list(legal_foldings(mvau)) for mvau in network.mvaus]
    chain = Chain(network, FORMATS, options, load_target("ecp5", "none"))
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, [len(layer) for layer in options], (20, len(options)))
    for row, ii_cycles in zip(chosen, chain.ii_cycles(chosen), strict=True):
        foldings = [layer[option] for layer, option in zip(options, row, strict=True)]
        assert ii_cycles == estimate(network, foldings, "ecp5", "none").ii_cycles


def _ii_cycles(network):
    for mvau in network.mvaus:
        yield [layer_ii_cycles(network, mvau, folding) for folding in legal_foldings(mvau)]
