"""The table of builds, from a report and golden."""

import csv

import numpy as np
import pytest

from dse.formats import parse_format
from dse.report.accelerators import accelerator, write_accelerators
from hw_models.build.images import seeded_images
from hw_models.graph import Accelerator, Mvau
from hw_models.model import Model, ModelInput
from hw_models.resources import Resources
from hw_models.sim.golden import golden_outputs
from hw_models.tail import Tail


@pytest.fixture
def model():
    code = parse_format("uint4")
    fc = Mvau(name="fc", mw=4, mh=3, vectors=1, weight=parse_format("int4"), act=code)
    weights = parse_format("int4").encode(np.array([[1, 2, 3, 4], [4, 3, 2, 1], [-1, 0, 1, 0.0]]))
    return Model(
        accelerator=Accelerator(nodes=(fc,)),
        input=ModelInput(name="x", shape=(2, 2, 1), format=code, scale=1.0),
        weights={"fc": weights},
        tails={},
        output=Tail(scale=np.ones(1, dtype=np.float32), output=None),
    )


def test_the_table_holds_accuracy_and_counts(make_report, model, tmp_path):
    images = seeded_images(model.input, 8, seed=3)
    labels = golden_outputs(model, images.codes).reshape(8, -1).argmax(axis=1)
    labels[:2] = (labels[:2] + 1) % 3
    row = accelerator(make_report(), model, images, labels)
    assert row.top1_pct == 75.0
    write_accelerators([row], tmp_path)
    with (tmp_path / "accelerators.csv").open(newline="") as file:
        (read,) = csv.DictReader(file)
    assert read["model"] == "net_int4"
    assert (read["estimate_lut"], read["synthesis_lut"], read["placed_lut"]) == ("110", "100", "")
    assert (read["synthesis_bram18"], read["compute_fps"]) == ("1", str(100e6 / 12))
    text = (tmp_path / "README.md").read_text()
    assert "| net\\_int4 | ulx3s-85f | 75.00 | 8 | 0 of 12 | auto | 12 / 12 | 20 / 21 |" in text
    assert "| net\\_int4 | ulx3s-85f | 110 / 100 | +10.0 |" in text
    assert "| net\\_int4 | ulx3s-85f |  |  |  |  |  |  |" in text


def test_a_placed_board_is_shown_beside(make_report, model, tmp_path):
    images = seeded_images(model.input, 2, seed=3)
    placed = Resources(lut=900, ff=400, bram18=3)
    report = make_report(
        board_synthesis=Resources(lut=700, ff=400, bram18=3),
        result=placed,
        fmax_mhz=123.45,
        seconds={"bitstream": 61.0},
    )
    write_accelerators([accelerator(report, model, images, np.zeros(2, dtype=int))], tmp_path)
    assert (
        "| 710 / 700 / 900 | 350 / 400 / 400 | 0 / 0 / 0 | 2 / 3 / 3 | 123.5 | 61 |"
        in (tmp_path / "README.md").read_text()
    )
