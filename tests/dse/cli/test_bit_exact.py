"""The page of builds that are compared word by word, and golden against Brevitas."""

import csv
from pathlib import Path

import numpy as np
import pytest

from dse.errors import DataError
from dse.progress import silent
from dse.quant import agreement
from dse.quant.agreement import Agreement, agreement_of
from dse.report.bit_exact import bit_exact_row, write_bit_exact
from hw_models.build import check
from hw_models.build.check import Check
from hw_models.build.verification import Verification
from hw_models.frontend import read_model


@pytest.fixture
def exported(bitfront, tmp_path) -> Path:
    path = tmp_path / "mlp.onnx"
    outcome = bitfront(f"export --model digits-mlp --weights e3m2 --acts int4 --out {path}")
    assert outcome.code == 0, outcome.err
    return path


def test_golden_and_brevitas_classify_the_test_images_alike(exported):
    found = agreement_of(exported, read_model(exported), silent)
    assert found.images == 540
    assert found.disagreeing <= 1
    assert found.golden_top1_pct > 95
    assert abs(found.golden_top1_pct - found.brevitas_top1_pct) <= 100 / 540


def test_disagreements_are_counted(exported, monkeypatch):
    def sums(model, codes):  # class 3 for every image
        return np.tile(np.arange(10) == 3, (len(codes), 1, 1)).astype(np.int64) * 10**9

    monkeypatch.setattr(agreement, "golden_outputs", sums)
    found = agreement_of(exported, read_model(exported), silent)
    assert found.disagreeing > 400
    assert found.golden_top1_pct < 15 < found.brevitas_top1_pct


def test_a_data_set_that_has_changed_is_refused(exported, monkeypatch):
    told = {**agreement.read_facts(exported), "data_fingerprint": "other"}
    monkeypatch.setattr(agreement, "read_facts", lambda path: told)
    with pytest.raises(DataError, match="'digits' has changed since"):
        agreement_of(exported, read_model(exported), silent)


def test_a_row_holds_what_is_known(make_report, tmp_path):
    report = make_report(codes_used={"a": 6, "b": 15}, codes_possible={"a": 16, "b": 15})
    (tmp_path / check.CHECK).write_text(
        '{"rtl": {"images": 4, "words_compared": 12, "words_different": 0},'
        ' "qonnx": {"images": 4, "different": 0, "greatest_difference": 0.0},'
        ' "mutations": ["weight: fc[0, 0]", "lanes: fc"], "missed": ["lanes: fc"]}'
    )
    checked = Check.read(tmp_path)
    assert checked.rtl == Verification(images=4, words_compared=12, words_different=0)
    agreed = Agreement(images=8, golden_top1_pct=75.0, brevitas_top1_pct=62.5, disagreeing=1)
    rows = [bit_exact_row(report, checked, agreed), bit_exact_row(report, None, None)]
    write_bit_exact(rows, tmp_path / "page")
    with (tmp_path / "page" / "bit-exact.csv").open(newline="") as file:
        full, bare = csv.DictReader(file)
    assert (full["mutations"], full["mutations_caught"]) == ("2", "1")
    assert (full["least_codes_pct"], full["disagreeing"]) == ("37.5", "1")
    assert {bare[name] for name in ("mutations", "mutations_caught", "golden_top1_pct")} == {""}
    assert "| 37.5 | 2 | 1 | 8 | 75 | 62.5 | 1 |" in (tmp_path / "page" / "README.md").read_text()


def test_a_build_without_a_check_or_with_a_damaged_one(tmp_path):
    assert Check.read(tmp_path) is None
    for content in ("{", "[]", '{"rtl": {}}'):
        (tmp_path / check.CHECK).write_text(content)
        with pytest.raises(DataError, match=r"check\.json is damaged"):
            Check.read(tmp_path)
