"""Searches in which every candidate is as fast as fits the board."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from fake_accuracy import FakeFactory
from test_search import SETTINGS, evaluations, run

from dse.errors import DesignError
from dse.formats import parse_format
from dse.point import Scheme
from dse.report.findings import find
from dse.search.constraint import Constraint, with_board
from dse.search.fastest import FastestFoldings
from dse.search.layer_space import LayerSpace
from dse.search.settings import StudySettings
from dse.search.store import Store
from hw_models.cost import estimate
from hw_models.cost.best_folding import best_folding
from hw_models.folding import legal_foldings
from hw_models.graph import INPUT, Accelerator, Add, Mvau, Requantize
from hw_models.resources import Resources

BOARD, DEVICE, CLOCK_MHZ = "ulx3s-12f", "ecp5", 100.0
ENDLESS = Resources(lut=2**40, ff=2**40, dsp=2**40, bram18=2**40, uram=2**40)
FORMATS = tuple(map(parse_format, ("int8", "int4", "e2m1")))


def fast(*constraints: str) -> StudySettings:
    """Return settings of a search on a board within these bounds."""
    bounds = with_board([Constraint.parse(text) for text in constraints], BOARD)
    return replace(
        SETTINGS, folding="fastest", fps=0.0, board=BOARD, device=DEVICE, constraints=bounds
    )


def space_of(settings):
    return LayerSpace.of(settings, FakeFactory().template(), CLOCK_MHZ)


def network_of(space, point):
    layers = point.scheme.layers
    return space.template.with_formats([x.weight for x in layers], [x.act for x in layers])


def tiny():
    """Return a chain with few foldings."""
    int4 = FORMATS[1]
    sizes = ((6, 4), (4, 6), (6, 3))
    mvaus = [
        Mvau(name=f"fc{index}", mw=mw, mh=mh, vectors=1, weight=int4, act=int4)
        for index, (mw, mh) in enumerate(sizes)
    ]
    between = [Requantize.after(mvau, name=f"{mvau.name}_q", output=int4) for mvau in mvaus[:-1]]
    return Accelerator(nodes=(mvaus[0], between[0], mvaus[1], between[1], mvaus[2]))


@cache
def everything(weight, act):
    """Return II and costs of every folding of the tiny chain in two formats."""
    network = tiny().with_formats([weight] * 3, [act] * 3)
    choices = [tuple(legal_foldings(mvau)) for mvau in network.mvaus]
    reports = [estimate(network, foldings, DEVICE, "none") for foldings in product(*choices)]
    return network, [(report.ii_cycles, report.resources) for report in reports]


def found_in(budget, weight, act):
    """Return report and told costs of the folding that is found, and the network."""
    network, _ = everything(weight, act)
    fastest = FastestFoldings.of(tiny(), FORMATS, budget, DEVICE, "none", CLOCK_MHZ)
    names = [mvau.name for mvau in network.mvaus]
    foldings = fastest.of_scheme(Scheme.uniform(names, weight, act, act))
    told = fastest.costs(
        np.full((1, 3), FORMATS.index(weight)), np.full((1, 3), FORMATS.index(act))
    )
    return estimate(network, foldings, DEVICE, "none"), told


@pytest.mark.parametrize(("weight", "act"), [(FORMATS[0], FORMATS[0]), (FORMATS[2], FORMATS[1])])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 0.6, 1.0])
def test_of_every_folding_there_is_none_that_fits_is_faster(weight, act, share):
    _, rows = everything(weight, act)
    luts = [taken.lut for _, taken in rows]
    budget = replace(ENDLESS, lut=int(min(luts) + share * (max(luts) - min(luts))))
    found, told = found_in(budget, weight, act)
    best = min((ii, taken.lut) for ii, taken in rows if taken.lut <= budget.lut)
    assert (found.ii_cycles, found.resources.lut) == best
    assert (told["ii_cycles"].item(), told["lut"].item()) == best
    assert told["fps"].item() == pytest.approx(CLOCK_MHZ * 1e6 / best[0])


@pytest.mark.parametrize("share", [0.02, 0.05, 0.15, 0.4])
def test_where_flip_flops_bind_points_are_exact_and_samplers_are_not_promised_more(share):
    weight, act = FORMATS[2], FORMATS[1]
    _, rows = everything(weight, act)
    ffs = [taken.ff for _, taken in rows]
    budget = replace(ENDLESS, ff=int(min(ffs) + share * (max(ffs) - min(ffs))))
    found, told = found_in(budget, weight, act)
    best = min((ii, taken.lut) for ii, taken in rows if taken.ff <= budget.ff)
    assert (found.ii_cycles, found.resources.lut) == best
    assert told["ii_cycles"].item() >= best[0]


def test_candidates_of_a_search_are_as_fast_as_the_integer_program_makes_them():
    space = space_of(fast("lut <= 0.3 * device"))
    candidates = np.array([(0, 0, 0, 0), (5, 4, 2, 1), (3, 1, 0, 2), (1, 2, 2, 2)])
    cycles = set()
    for candidate, log2_cost in zip(candidates, space.log2_cost(candidates), strict=True):
        point = space.point(tuple(candidate))
        network = network_of(space, point)
        best = best_folding(network, space.own.budget, DEVICE, "none")
        mine = estimate(network, point.foldings, DEVICE, "none")
        assert mine.ii_cycles == best.ii_cycles
        assert mine.resources.lut == best.resources.lut <= space.own.budget.lut
        assert log2_cost == pytest.approx(np.log2(best.ii_cycles), abs=1e-4)
        cycles.add(best.ii_cycles)
    assert len(cycles) > 1


def test_of_equal_cycles_fewer_luts_are_a_trace_cheaper():
    space = space_of(fast("lut <= 0.3 * device"))
    candidates = np.array(list(product(range(6), range(5), range(3), range(3))))
    log2_cost = space.log2_cost(candidates)
    for cycles in np.unique(np.round(2**log2_cost)):
        same = candidates[np.round(2**log2_cost) == cycles]
        lut = space._costs(same)[1]["lut"]
        ranked = np.argsort(space.log2_cost(same), kind="stable")
        assert (np.diff(lut[ranked]) >= 0).all()
    assert len(np.unique(np.round(2**log2_cost))) < len(candidates) / 4


def test_a_candidate_that_fits_at_no_speed_is_slowest_and_says_by_how_much_it_is_over():
    space = space_of(fast("lut <= 5"))
    assert (space.log2_cost(space.every_format()) > 64).all()
    point = space.point((0, 0, 0, 0))
    slowest = estimate(network_of(space, point), point.foldings, DEVICE, "none")
    assert slowest.ii_cycles == max(space.own.ii_cycles)


def test_points_are_compared_by_cycles(tmp_path):
    within = space_of(fast("lut <= 0.2 * device"))
    cycles = 2.0 ** within.log2_cost(within.every_format())
    fps = int(CLOCK_MHZ * 1e6 / np.median(cycles))
    settings = fast("lut <= 0.2 * device", f"fps >= {fps}")
    run(tmp_path, trials=25, settings=settings)
    frame = evaluations(tmp_path)
    with Store.open_readonly(tmp_path) as store:
        header = store.header
        foldings = {store.point(digest).foldings for digest in frame["digest"]}
    space = space_of(settings)
    int8 = space.int8_point()
    report = estimate(network_of(space, int8), int8.foldings, DEVICE, "none")
    assert 2**header.reference.log2_cost == pytest.approx(report.ii_cycles)
    assert header.objectives == ("ii_cycles", "test_top1_pct")
    assert header.settings == settings
    assert len(foldings) > 1
    assert frame["ii_cycles"].nunique() > 1
    assert (frame["lut"] <= space.own.budget.lut).all()
    assert ((frame["violation"] > 0) == (frame["fps"] < fps)).all()
    assert 0 < (frame["violation"] > 0).sum() < len(frame)
    front = find(header, frame, len(frame)).front
    assert front["ii_cycles"].is_monotonic_increasing
    assert front["val_top1_pct"].is_monotonic_increasing


def test_dsp_blocks_are_no_objective_of_their_own(tmp_path):
    run(tmp_path, trials=3, settings=replace(fast(), dsp="auto"))
    with Store.open_readonly(tmp_path) as store:
        assert store.header.objectives == ("ii_cycles", "test_top1_pct")


def test_it_goes_on_as_it_was_begun(tmp_path):
    settings = fast("lut <= 0.2 * device")
    run(tmp_path / "whole", trials=14, sampler="two-stage", settings=settings)
    for trials in (3, 9, 14):
        run(tmp_path / "parts", trials=trials, sampler="two-stage", settings=settings)
    assert evaluations(tmp_path / "parts").equals(evaluations(tmp_path / "whole"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"board": ""}, 'folding = "fastest" as fits which board'),
        ({"fps": 500.0}, r'leave out fps = 500; constraints = \["fps >= 500"\] bounds it'),
        ({"constraints": (Constraint.parse("fps <= 500"),)}, "'fps <= 500' is against"),
    ],
)
def test_what_contradicts_it_is_said_in_a_line(changes, words):
    with pytest.raises(DesignError, match=words):
        replace(fast(), **changes)


def test_a_network_with_additions_is_refused():
    int4 = FORMATS[1]
    mvaus = [
        Mvau(name=name, mw=8, mh=8, vectors=1, weight=int4, act=int4) for name in ("fc1", "fc2")
    ]
    codes = [Requantize.after(mvau, name=f"{mvau.name}_q", output=int4) for mvau in mvaus]
    add = Add(name="add", channels=8, vectors=1, acts=(int4, int4))
    residual = Accelerator(
        nodes=(mvaus[0], codes[0], mvaus[1], codes[1], add),
        sources=((INPUT,), ("fc1",), ("fc1_q",), ("fc2",), ("fc2_q", "fc1_q")),
    )
    with pytest.raises(DesignError, match='give fps = … and folding = "fixed"'):
        FastestFoldings.of(residual, FORMATS, ENDLESS, DEVICE, "none", CLOCK_MHZ)
