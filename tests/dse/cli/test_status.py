"""`bitfront status`."""

import json


def test_text_and_json(bitfront, study_folder):
    text = bitfront(f"status {study_folder}").out
    found = json.loads(bitfront(f"status {study_folder} --json").out)
    assert f"{found['known']} of {found['wanted']} points" in text
    assert f"hypervolume {found['hypervolume']:.3f}" in text
    assert "nobody is working on it" in text


def test_no_study_is_one_line(bitfront, tmp_path):
    outcome = bitfront(f"status {tmp_path}")
    assert outcome.code == 2
    assert "no study in" in outcome.error_line
