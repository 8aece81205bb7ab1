"""Searches in which every candidate has its own folding, and constraints."""

from dataclasses import replace

import numpy as np
import pytest
from fake_accuracy import FakeFactory
from test_search import SETTINGS, evaluations, run

from dse.errors import DesignError
from dse.report.findings import find
from dse.search.constraint import Constraint, with_board
from dse.search.layer_space import LayerSpace
from dse.search.store import Store
from hw_models.cost import estimate
from hw_models.cost.best_folding import cheapest_folding
from hw_models.resources import Resources

CLOCK_MHZ = 250.0
JOINT = replace(SETTINGS, folding="cheapest")
ENDLESS = Resources(lut=10**9, ff=10**9, dsp=10**9, bram18=10**9, uram=10**9)


def space_of(settings):
    return LayerSpace.of(settings, FakeFactory().template(), CLOCK_MHZ)


def network_of(space, point):
    layers = point.scheme.layers
    return space.template.with_formats([x.weight for x in layers], [x.act for x in layers])


@pytest.mark.parametrize("fps", [1e5, 4e6])
def test_no_folding_of_that_rate_takes_fewer_luts(fps):
    settings = replace(JOINT, fps=fps)
    joint, fixed = space_of(settings), space_of(replace(settings, folding="fixed"))
    ii_cycles = int(CLOCK_MHZ * 1e6 / fps)
    candidates = np.array([(0, 0, 0, 0), (5, 4, 2, 1), (3, 1, 0, 2), (1, 2, 2, 2)])
    found, other = joint.log2_cost(candidates), fixed.log2_cost(candidates)
    assert (found <= other).all()
    assert (found < other).any()
    for candidate, log2_cost in zip(candidates, found, strict=True):
        point = joint.point(tuple(candidate))
        network = network_of(joint, point)
        best = cheapest_folding(network, ii_cycles, ENDLESS, "xcup", "none")
        mine = estimate(network, point.foldings, "xcup", "none")
        assert mine.ii_cycles <= ii_cycles
        assert np.log2(mine.resources.lut) == log2_cost
        assert mine.resources.lut == estimate(network, best, "xcup", "none").resources.lut


def test_a_budget_that_the_cheapest_breaks_is_kept_where_it_can_be():
    fast, candidate = replace(JOINT, fps=4e6), (5, 4, 2, 2)
    plain = space_of(fast)
    point = plain.point(candidate)
    network = network_of(plain, point)
    taken = estimate(network, point.foldings, "xcup", "none").resources
    bounded = replace(fast, constraints=(Constraint.parse(f"ff <= {taken.ff - 1}"),))
    foldings = space_of(bounded).point(candidate).foldings
    within = estimate(network, foldings, "xcup", "none").resources
    assert within.ff < taken.ff
    assert within.lut >= taken.lut
    impossible = replace(fast, constraints=(Constraint.parse("ff <= 1"),))
    assert space_of(impossible).point(candidate).foldings == point.foldings


def test_points_carry_foldings_and_violations(tmp_path):
    costs = 2.0 ** space_of(JOINT).log2_cost(space_of(JOINT).every_format())
    bound = Constraint.parse(f"lut <= {int(np.median(costs))}")
    settings = replace(JOINT, constraints=(bound, Constraint.parse("fps >= 1000")))
    run(tmp_path, trials=40, settings=settings)
    frame = evaluations(tmp_path)
    assert (frame["fps"] >= settings.fps).all()
    broken = frame["lut"] > bound.bound
    assert 0 < broken.sum() < len(frame)
    assert ((frame["violation"] > 0) == broken).all()
    with Store.open_readonly(tmp_path) as store:
        foldings = {store.point(digest).foldings for digest in frame["digest"]}
        findings = find(store.header, frame, len(frame))
    assert len(foldings) > 1
    assert findings.n_infeasible == broken.sum()
    assert (findings.front["lut"] <= bound.bound).all()


def test_samplers_turn_to_what_keeps_the_constraints(tmp_path):
    settings = replace(SETTINGS, constraints=(Constraint.parse("top1_drop_pct <= 5"),))
    run(tmp_path, trials=15, sampler="two-stage", settings=settings)
    run(tmp_path / "any", trials=15, sampler="two-stage")
    with Store.open_readonly(tmp_path) as store:
        header = store.header
    most = 100.0 - header.float_accuracy.val_top1_pct + 5.0
    kept = [
        (100.0 - evaluations(folder)["val_top1_pct"] <= most).mean()
        for folder in (tmp_path, tmp_path / "any")
    ]
    assert kept[0] >= kept[1]


def test_a_board_gives_bounds():
    settings = replace(JOINT, constraints=with_board((), "ulx3s-85f"), board="ulx3s-85f")
    again = type(settings).from_plain(settings.to_plain())
    assert again == settings
    with pytest.raises(DesignError, match="of which device"):
        replace(settings, board="")
