"""The cheapest folding against every folding there is."""

from dataclasses import replace
from itertools import product

import pytest

from dse.formats import parse_format
from hw_models.cost import estimate
from hw_models.cost.best_folding import best_folding, cheapest_folding
from hw_models.folding import layer_ii_cycles, legal_foldings
from hw_models.graph import Accelerator, Requantize
from hw_models.resources import Resources

ENDLESS = Resources(lut=10**9, ff=10**9, dsp=10**9, bram18=10**9, uram=10**9)


@pytest.fixture(scope="module")
def chain(make_mvau):
    act = parse_format("int4")
    mvaus = [
        make_mvau(name=f"fc{index}", mw=mw, mh=mh, weight="e2m1", act="int4")
        for index, (mw, mh) in enumerate(((6, 4), (4, 6), (6, 3)))
    ]
    between = [Requantize.after(mvau, name=f"{mvau.name}_q", output=act) for mvau in mvaus[:-1]]
    return Accelerator(nodes=(mvaus[0], between[0], mvaus[1], between[1], mvaus[2]))


@pytest.fixture(scope="module")
def everything(chain):
    """Every folding of the chain with its II and what it takes."""
    rows = []
    for foldings in product(*(tuple(legal_foldings(mvau)) for mvau in chain.mvaus)):
        pairs = zip(chain.mvaus, foldings, strict=True)
        ii = max(layer_ii_cycles(chain, mvau, folding) for mvau, folding in pairs)
        rows.append((ii, estimate(chain, foldings, "xcup", "none").resources))
    return rows


@pytest.mark.parametrize("ii_cycles", [1, 2, 6, 12, 24, 1000])
def test_no_folding_of_that_speed_is_cheaper(chain, everything, ii_cycles):
    foldings = cheapest_folding(chain, ii_cycles, ENDLESS, "xcup", "none")
    found = estimate(chain, foldings, "xcup", "none").resources
    assert found.lut == min(taken.lut for ii, taken in everything if ii <= ii_cycles)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 0.7])
def test_no_folding_within_the_budget_is_faster(chain, everything, share):
    low, high = (pick(taken.lut for _, taken in everything) for pick in (min, max))
    least_ff = min(taken.ff for _, taken in everything)
    budget = replace(ENDLESS, lut=int(low + share * (high - low)), ff=2 * least_ff)
    fitting = [(ii, taken.lut) for ii, taken in everything if taken.share_of(budget) <= 1]
    found = best_folding(chain, budget, "xcup", "none")
    assert (found.ii_cycles, found.resources.lut) == min(fitting)
    assert found.is_exact
    assert found.resources == estimate(chain, found.foldings, "xcup", "none").resources


def test_what_does_not_fit_is_none(chain, everything):
    budget = replace(ENDLESS, lut=min(taken.lut for _, taken in everything) - 1)
    assert best_folding(chain, budget, "xcup", "none") is None
    assert cheapest_folding(chain, 1000, budget, "xcup", "none") is None


def test_windows_and_pools_count(make_cnn):
    network = make_cnn()
    found = best_folding(network, ENDLESS, "ecp5", "none")
    again = cheapest_folding(network, found.ii_cycles, ENDLESS, "ecp5", "none")
    best = estimate(network, again, "ecp5", "none").resources
    assert best.lut == found.resources.lut
    for layer, mvau in enumerate(network.mvaus):
        for folding in legal_foldings(mvau):
            other = (*again[:layer], folding, *again[layer + 1 :])
            if layer_ii_cycles(network, mvau, folding) <= found.ii_cycles:
                assert estimate(network, other, "ecp5", "none").resources.lut >= best.lut
