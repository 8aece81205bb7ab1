import csv
import io
import json

import pytest

from dse.report.finn_compare import Provenance, comparison_csv, write_finn_compare
from hw_models.finn.compare import Comparison, NodeComparison, Side
from hw_models.finn.simulate import Simulated
from hw_models.folding import Folding
from hw_models.resources import Resources


def _side(layer, *, lut, yosys=None, missing=False, cycles=64, different=0):
    ran = Simulated(cycles=float(cycles), words_compared=30, words_different=different)
    return Side(
        layers=(layer,),
        estimated=Resources(lut=lut),
        without_estimate=(layer,) if missing else (),
        synthesised=yosys,
        predicted_cycles=64,
        simulated=ran if yosys else None,
    )


@pytest.fixture
def comparison():
    """A matrix unit, and a pool for which FINN has HLS only."""
    folding = Folding(pe=2, simd=3)
    mvau = NodeComparison(
        kind="Mvau",
        folding=folding,
        finn=_side("MVAU_rtl_0", lut=0, missing=True, yosys=Resources(lut=410, ff=800, dsp=6)),
        ours=_side("conv1", lut=95, yosys=Resources(lut=97, ff=122), cycles=66),
    )
    pool = NodeComparison(
        kind="Pool",
        folding=folding,
        finn=_side("Pool_hls_0", lut=17),
        ours=_side("pool1", lut=40, yosys=Resources(lut=45, ff=74), different=1),
    )
    return Comparison(
        nodes=(mvau, pool),
        finn_version="1.6.1",
        clock_mhz=100.0,
        dsp="none",
        images=3,
        images_different=2,
    )


def test_the_table_leaves_out_what_there_is_not(comparison):
    mvau, pool = csv.DictReader(io.StringIO(comparison_csv(comparison)))
    assert (mvau["node"], mvau["pe"], mvau["simd"]) == ("conv1", "2", "3")
    assert (mvau["finn_estimated_lut"], mvau["finn_without_estimate"]) == ("0", "MVAU_rtl_0")
    assert (mvau["finn_synthesised_lut"], mvau["finn_synthesised_dsp"]) == ("410", "6")
    assert (mvau["ours_synthesised_lut"], mvau["ours_simulated_cycles"]) == ("97", "66.0")
    assert (pool["finn_synthesised_lut"], pool["finn_simulated_cycles"]) == ("", "")


def test_the_page_says_where_finn_has_no_numbers(comparison, tmp_path):
    provenance = Provenance(
        network="net",
        command="bitfront finn compare net.onnx",
        tool="yosys 1",
        images="3 seeded images",
    )
    write_finn_compare(comparison, provenance, tmp_path)
    page = (tmp_path / "net.md").read_text()
    assert "| conv1 | 2 | 3 | MVAU\\_rtl\\_0 | 0\\* | 410 | 95 | 97 | 800, 122 | 6, 0 |" in page
    assert "FINN estimates 0 LUT for MVAU\\_rtl\\_0" in page
    assert "FINN has no RTL for Pool\\_hls\\_0" in page
    # the pool, which only we have in RTL, is in neither sum
    assert "| sum where both are RTL |  |  |  | 0 | 410 | 95 | 97 | 800, 122 |" in page
    assert "| conv1 | 2 | 3 | 64 | 64 | 64 | 66 |" in page
    assert "1 of 90 words" in page
    assert "2 of 3 images (3 seeded images)" in page
    assert json.loads((tmp_path / "net.json").read_text())["nodes"][1]["kind"] == "Pool"
    assert {path.suffix for path in tmp_path.iterdir()} >= {".png", ".svg", ".pdf", ".csv"}
