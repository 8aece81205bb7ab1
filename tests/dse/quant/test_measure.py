"""Networks that end when it is clear they stay below their floors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dse.data import Split
from dse.data.base import assemble
from dse.formats import parse_format
from dse.intervals import accuracy_bound_pct
from dse.point import Quantization, Scheme
from dse.quant.evaluator import Evaluator
from dse.quant.measure import CONFIDENCE, LOOK_IMAGES
from dse.quant.result import AccuracyResult, EndedEarly

N_VAL = 1130


@pytest.fixture(scope="module")
def data(network):
    """Images labelled by the network itself, but for a third of them."""

    rng = np.random.default_rng(0)

    def split(n):
        x = rng.integers(0, 17, (n, 1, 8, 8), np.uint8)
        with torch.no_grad():
            y = network(torch.from_numpy(x.astype(np.float32) / 16)).argmax(1).numpy()
        return Split(x=x, y=np.where(np.arange(n) < n // 3, (y + 1) % 10, y))

    return assemble(
        name="own", train=split(60), calibration=split(50), validation=split(N_VAL),
        test=split(270), n_classes=10, input_format=parse_format("uint5"), input_scale=1 / 16,
    )  # fmt: skip


@pytest.fixture
def evaluator(network, data):
    return Evaluator(network, "weights", data, calibration=50, seed=0)


@pytest.fixture
def wanted(evaluator, data):
    return [
        Quantization(
            scheme=Scheme.uniform(
                evaluator.layers, parse_format("int8"), parse_format(act), data.input_format
            )
        )
        for act in ("int8", "int4", "e2m0", "int2")
    ]


def without_time(outcomes):
    return [replace(outcome, seconds=0) for outcome in outcomes]


def test_those_that_do_not_end_have_the_results_they_have_anyway(evaluator, wanted):
    exact = without_time(evaluator.evaluate(wanted))
    assert exact[0].val_top1_pct == pytest.approx(200 / 3, abs=3)
    floors = [0.0, exact[1].val_top1_pct, 99.0, exact[3].val_top1_pct + 0.01]
    found = without_time(evaluator.evaluate(wanted, floors))
    assert found[:2] == exact[:2]
    assert [type(outcome) for outcome in found] == [AccuracyResult] * 2 + [EndedEarly] * 2
    alone = [
        without_time(evaluator.evaluate([w], [f]))[0] for w, f in zip(wanted, floors, strict=True)
    ]
    assert alone == found


def test_one_that_ends_tells_what_it_cannot_exceed(evaluator, wanted):
    exact = list(evaluator.evaluate(wanted))
    hopeless, close = evaluator.evaluate(wanted[:2], [99.5, exact[1].val_top1_pct + 0.01])
    assert hopeless.n_val == LOOK_IMAGES
    assert exact[0].val_top1_pct <= hopeless.val_bound_pct < 99.5
    assert "99.9 % sure" in hopeless.reason
    looks = -(-N_VAL // LOOK_IMAGES)
    counts = np.arange(LOOK_IMAGES + 1)
    possible = [accuracy_bound_pct(int(n), LOOK_IMAGES, N_VAL, looks, CONFIDENCE) for n in counts]
    assert hopeless.val_bound_pct in possible
    assert (close.n_val, close.val_bound_pct) == (N_VAL, exact[1].val_top1_pct)
    assert close.reason.startswith("dominated: at most")
    assert "sure" not in close.reason


def test_validation_images_come_in_random_order(evaluator, wanted):
    """Every third label is wrong, all at the beginning of the split."""
    (hopeless,) = evaluator.evaluate(wanted[:1], [99.5])
    assert hopeless.val_bound_pct > 60


def test_all_may_end(evaluator, wanted):
    outcomes = list(evaluator.evaluate(wanted, [99.5] * 4))
    assert {outcome.n_val for outcome in outcomes} == {LOOK_IMAGES}
