"""`bitfront finn` from the command line, with FINN where it is installed."""

import json

import pytest


@pytest.fixture
def exported(bitfront, checkpoint, tmp_path):
    """Export digits-mlp with weights and activations of one format."""

    def export(name: str):
        path = tmp_path / f"mlp-{name}.onnx"
        made = bitfront(
            f"export --model digits-mlp --weights {name} --acts {name} --calibration 50 "
            f"--checkpoint {checkpoint} --out {path}"
        )
        assert made.code == 0, made.err
        return path

    return export


@pytest.mark.tool("finn")
def test_build_without_vivado_keeps_the_code_and_a_script(
    bitfront, exported, tmp_path, monkeypatch
):
    monkeypatch.setenv("BITFRONT_VIVADO", "/nowhere/vivado")
    out = tmp_path / "out"
    made = bitfront(f"finn build {exported('int4')} --fps 20000 --out {out} --json")
    assert made.code == 3
    assert "no bitstream yet" in made.err
    built = json.loads(made.out)
    assert [layer["kind"] for layer in built["layers"]][:2] == ["MVAU_rtl", "Thresholding_rtl"]
    assert list((out / "finn").glob("*/MVAU_rtl_0_wrapper.v"))
    assert "finn build network.onnx --board Pynq-Z1" in (out / "continue.sh").read_text()


def test_a_minifloat_never_reaches_finn(bitfront, exported, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFRONT_FINN", "/nowhere/python")
    failed = bitfront(f"finn estimate {exported('e2m1')} --out {tmp_path / 'out'}")
    assert failed.code == 2
    assert "FINN cannot build" in failed.error_line
    assert "e2m1 is no integer" in failed.error_line
    assert "bitfront build" in failed.error_line
    assert not (tmp_path / "out").exists()


def test_finn_that_is_not_there_is_named(bitfront, exported, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFRONT_FINN", "/nowhere/python")
    failed = bitfront(f"finn estimate {exported('int4')} --out {tmp_path / 'out'}")
    assert failed.code == 3
    assert "BITFRONT_FINN is set to /nowhere/python" in failed.error_line
