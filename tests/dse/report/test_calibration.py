import csv
import json
from dataclasses import replace

from dse.report.calibration import write_calibration
from hw_models.calibration.calibrate import Additivity, Judgement, KindErrors
from hw_models.calibration.judge import Errors, Prediction
from hw_models.calibration.noise import Noise
from hw_models.calibration.units import CountCheck

GOOD = Errors(n=2, mape_pct=1.0, p95_pct=2.0, max_pct=3.0, r2=0.99, tau=0.98)
BAD = replace(GOOD, mape_pct=20.0, p95_pct=40.0)
COUNTS = CountCheck(n=5, ff_differs=1, ff_max_pct=0.25, bram_differs=0, dsp_differs=0)


def prediction(cell, weight):
    return Prediction(
        cell=cell, weight=weight, act="int8", lanes=1, measured=90, formula=91.234, naive=70.0
    )


def judgement(device, dots=GOOD):
    return Judgement(
        device=device,
        weights={"stage": 1.0},
        unseen_formats=GOOD,
        unseen_formats_naive=BAD,
        random_halves=GOOD,
        random_halves_naive=BAD,
        dots=dots,
        dots_naive=BAD,
        units=GOOD,
        units_naive=BAD,
        unit_counts=COUNTS,
        nodes=(KindErrors(kind="thresholds", lut=GOOD, lut_naive=BAD, counts=COUNTS),),
        additivity=Additivity(n=3, lut_differs=1, lut_mape_pct=0.5, ff_differs=0),
        noise=Noise(n=4, mean_pct=1.5, mape_pct=2.5, p95_pct=6.5),
        predictions=tuple(prediction("mac", weight) for weight in ("int8", "e4m3")),
        node_predictions=(prediction("thresholds", "int8"),),
    )


def test_a_page_over_all_devices_says_what_is_met_and_what_is_missed(tmp_path):
    write_calibration(judgement("ecp5"), tmp_path)
    write_calibration(judgement("ice40", dots=BAD), tmp_path, keeps_cells=True)
    page = (tmp_path / "README.md").read_text()
    assert "bitfront calibrate --device ecp5 --report" in page
    assert "bitfront calibrate --device ice40 --keep-cells --report" in page
    assert page.count(": met") == 7
    assert page.count(": missed |") == 1
    assert "| ice40 | 3 | 1 | 0.50 | 0 | +1.5, 2.5, 6.5 |" in page
    assert "| ecp5 | 5 | 1 | 0.25 | 0 | 0 | missed: FF |" in page
    assert "| ecp5 | thresholds | 2 | 1.0 | 3.0 | 0.990 | 0.980 | 20.0 | 1 | 0.25 | 0 |" in page
    stored = json.loads((tmp_path / "ecp5.json").read_text())
    assert stored["unseen_formats"]["mape_pct"] == 1.0
    assert not any("predictions" in key for key in stored)
    rows = list(csv.DictReader((tmp_path / "ecp5.csv").read_text().splitlines()))
    assert [row["weight"] for row in rows] == ["int8", "e4m3"]
    assert rows[0]["formula"] == "91.23"
    for ending in ("png", "svg", "pdf"):
        for name in ("ice40", "ice40_nodes"):
            assert (tmp_path / f"{name}.{ending}").stat().st_size > 1000


def test_an_aim_is_missed_by_tau_alone_and_by_a_better_naive_model(tmp_path):
    found = judgement("ecp5")
    flat = replace(found, unseen_formats=replace(GOOD, tau=0.9))
    write_calibration(flat, tmp_path / "tau")
    page = (tmp_path / "tau" / "README.md").read_text()
    assert "| 0.900 | 3, 8, 0.95: missed |" in page
    write_calibration(replace(found, units_naive=replace(GOOD, mape_pct=0.5)), tmp_path / "naive")
    page = (tmp_path / "naive" / "README.md").read_text()
    assert page.count(": met |") == 3
    assert page.count("4: missed |") == 1
