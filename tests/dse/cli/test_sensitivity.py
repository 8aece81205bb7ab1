"""`bitfront sensitivity` on digits: the table, the files, the agreement with a study."""

import json

import pandas as pd
import pytest


def test_table_and_files(bitfront, checkpoint, tmp_path):
    formats = "--formats int4,e2m1"
    outcome = bitfront(
        f"sensitivity digits-mlp --checkpoint {checkpoint} {formats} --json --out {tmp_path}"
    )
    assert outcome.code == 0, outcome.err
    layers = json.loads(outcome.out)["layers"]
    assert [(row["layer"], row["format"]) for row in layers[:3]] == [
        ("fc1", "int4"), ("fc1", "e2m1"), ("fc2", "int4"),
    ]  # fmt: skip
    assert layers[0]["act_sqnr_db"] is None
    assert layers[2]["act_sqnr_db"] > 10
    table = pd.read_csv(tmp_path / "sensitivity.csv")
    assert table["weight_sqnr_db"].tolist() == pytest.approx([r["weight_sqnr_db"] for r in layers])
    assert (tmp_path / "sensitivity.png").stat().st_size > 1000


def test_a_study_judges_the_prediction(bitfront, checkpoint, tmp_path):
    study = (
        f"explore --model digits-mlp --checkpoint {checkpoint} --out {tmp_path} "
        "--weights int3,int4,int8 --acts int4,int8,e2m1"
    )
    assert bitfront(study).code == 0
    outcome = bitfront(f"sensitivity --study {tmp_path} --checkpoint {checkpoint} --json")
    assert outcome.code == 0, outcome.err
    agreement = {item["points"]: item for item in json.loads(outcome.out)["agreement"]}
    assert agreement["all"]["n"] == 9
    assert agreement["integer"]["n"] == 6
    assert agreement["mixed"]["n"] == 3
    assert "minifloat" not in agreement
    assert -1 <= agreement["all"]["tau"] <= 1
    other = bitfront(f"sensitivity --study {tmp_path}")
    assert other.code == 2
    assert "not those of the study" in other.err


@pytest.mark.parametrize("arguments", ["", "digits-mlp --study somewhere"])
def test_a_network_or_a_study_is_needed(bitfront, arguments):
    outcome = bitfront(f"sensitivity {arguments}")
    assert outcome.code == 2
    assert "whose layers" in outcome.error_line
