def test_an_unwritable_folder_is_one_line_before_any_synthesis(bitfront, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = bitfront(f"fp8-vs-int8 --out {tmp_path / 'file' / 'below'}")
    assert outcome.code == 2
    assert "cannot write into the folder" in outcome.error_line


def test_the_folder_is_asked_for(bitfront):
    outcome = bitfront("fp8-vs-int8")
    assert outcome.code == 2
    assert "--out" in outcome.error_line
