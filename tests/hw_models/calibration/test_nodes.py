"""Nodes whose cost is counted: what is checked, and some of it against synthesis."""

from dataclasses import replace

import numpy as np
import pytest

from hw_models.calibration.calibrate import errors_by_kind
from hw_models.calibration.nodes import (
    NodeCheck,
    additions,
    pools,
    predict_nodes,
    requantizers,
)
from hw_models.graph import PoolKind
from hw_models.resources import total
from hw_models.synth.synthesis import synthesise


@pytest.fixture(scope="module")
def planned():
    """Nodes as the model sees them, in place of what was measured."""
    cases = [*pools("xcup"), *additions("xcup"), *requantizers("xcup")]
    return [
        NodeCheck(case=case, measured=total(case.parts), estimated=total(case.parts))
        for case in cases
    ]


def test_both_architectures_of_requantizers_are_checked(planned):
    kinds = {check.case.kind for check in planned}
    assert kinds == {"pool", "addition", "thresholds", "scale and round"}
    assert all(check.estimated.lut > 0 for check in planned)


def test_each_kind_has_errors_of_its_own(planned):
    worse = [
        replace(c, measured=replace(c.measured, lut=2 * c.measured.lut, ff=c.measured.ff + 1))
        if c.case.kind == "addition"
        else c
        for c in planned
    ]
    found = {k.kind: k for k in errors_by_kind(worse, list(predict_nodes(worse)))}
    assert found["addition"].lut.mape_pct == pytest.approx(50)
    assert found["addition"].counts.ff_differs == found["addition"].counts.n
    assert found["pool"].lut.mape_pct == found["pool"].counts.ff_differs == 0
    assert found["pool"].lut_naive.mape_pct > 5


def test_the_naive_model_has_not_seen_the_node(planned):
    pool = [check for check in planned if check.case.kind == "pool"]
    odd = replace(pool[0], measured=replace(pool[0].measured, lut=100_000))
    first = next(iter(predict_nodes([odd, *pool[1:]])))
    assert first.measured == 100_000
    assert first.naive < 10_000


SMALL = [
    *pools("ecp5", [(PoolKind.MAX, "int4", 2, 4, 4, 2), (PoolKind.AVERAGE, "e2m1", 2, 4, 2, 2)]),
    *additions("ecp5", [("int4", "int4", (0, 0), 2), ("uint4", "e3m2", (0, 0), 1)]),
    *requantizers("ecp5", [("e2m1", 14, 16, 2, 4)]),
]


def test_small_nodes_are_as_estimated():
    ratios = []
    for case, found in zip(SMALL, synthesise([c.design for c in SMALL], "ecp5"), strict=True):
        estimated = total(case.parts)
        assert found.resources.bram18 == estimated.bram18, case.kind
        # flip-flops of scale and round are an upper bound: those of bits that are constant go
        spare = found.resources.ff // 8 if case.kind == "scale and round" else 1
        assert -1 <= estimated.ff - found.resources.ff <= spare, case.kind
        ratios.append(estimated.lut / found.resources.lut)
    assert np.abs(np.array(ratios) - 1).mean() < 0.1
