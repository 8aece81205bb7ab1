"""The judges of the cost model, on closed forms and on the committed tables."""

import random

import numpy as np
import pytest

from hw_models.arith.cell import STYLES
from hw_models.calibration.calibrate import additivity, mac_samples
from hw_models.calibration.fit import fit_lanes, fit_naive, naive_features
from hw_models.calibration.judge import Errors, errors_of, kendall_tau, predict_macs, random_halves
from hw_models.calibration.rows import cell_of, rows_csv
from hw_models.cost.lane import formula_lut
from hw_models.cost.measured import load_rows


@pytest.fixture(scope="module")
def samples():
    return mac_samples(load_rows("ecp5"), "ecp5")


def test_tau_of_known_orders():
    x = np.arange(5.0)
    assert kendall_tau(x, x) == 1
    assert kendall_tau(x, -x) == -1
    # 8 of 10 pairs in order, 2 not
    assert kendall_tau(x, np.array([1.0, 0, 2, 4, 3])) == pytest.approx(0.6)
    # tau-b: one tie in the second: 9 / sqrt(10 * 9)
    assert kendall_tau(x, np.array([0.0, 1, 2, 3, 3])) == pytest.approx(9 / np.sqrt(90))


def test_errors_by_hand():
    found = Errors.of(np.array([110.0, 180.0]), np.array([100.0, 200.0]))
    assert found.mape_pct == pytest.approx(10)
    assert found.max_pct == pytest.approx(10)
    assert found.r2 == pytest.approx(1 - (100 + 400) / 5000)
    assert Errors.mean([found, found]) == found


def test_a_fit_finds_the_weights_that_made_the_data(samples):
    from dataclasses import replace

    weights = {"decode": 1.0, "stage": 2.0, "edge": 0.0, "pair": 1.0, "lone": 3.0, "twin": 0.0}
    made = [replace(s, lane_lut=formula_lut(s.lane, weights | {"hit": 1.0})) for s in samples]
    found = fit_lanes(made)
    assert found == pytest.approx(weights | {"hit": 1.0}, abs=1e-6)


def test_the_naive_fit_finds_a_plane(samples):
    features = naive_features(samples)
    lut = features @ np.array([5.0, 1.5, 0.5])
    assert fit_naive(features, lut) == pytest.approx([5.0, 1.5, 0.5])


def test_predictions_never_see_their_formats(samples, monkeypatch):
    """Judged pairs and fitted ones share no format."""
    from hw_models.calibration import judge

    seen = []

    def spy(fitted, tested):
        names = {name for s in tested for name in s.formats}
        seen.append(any(names & s.formats for s in fitted))
        return iter(())

    monkeypatch.setattr(judge, "_predict", spy)
    predict_macs(random.Random(0).sample(samples, 60))
    assert seen
    assert not any(seen)


def test_ecp5_meets_its_aims_on_pairs_it_has_not_seen(samples):
    found, naive = random_halves(samples)
    assert found.mape_pct <= 3
    assert found.p95_pct <= 8
    assert found.tau >= 0.95
    assert found.mape_pct < naive.mape_pct / 3


def test_unseen_formats_are_met_too(samples):
    predictions = predict_macs(samples)
    assert len(predictions) == len(samples)
    found = errors_of(predictions)
    assert found.mape_pct <= 3
    assert found.p95_pct <= 8


def test_rows_come_back_from_their_text():
    rows = load_rows("ecp5")
    lines = rows_csv(rows).splitlines()
    assert len(lines) == 1 + len(rows)
    assert lines[0].startswith("cell,weight,act,terms,lanes,lut")


def test_whole_cells_are_what_their_row_says():
    whole = [row for row in load_rows("ecp5") if row.cell in ("mac", "dot", "pipelined dot")]
    assert {row.cell for row in whole} == {"mac", "dot", "pipelined dot"}
    assert all(cell_of(row).accumulator_bits < row.lut for row in whole)
    assert additivity(whole, "ecp5").n == len(whole)
    assert STYLES["ecp5"][0].value == "ecp5"
