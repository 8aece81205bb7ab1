"""Runs the command line in this process, so that torch is loaded once."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from dse.cli import main
from dse.models import load_network
from hw_models.build.report import Report
from hw_models.folding import Folding
from hw_models.payload import Payload
from hw_models.resources import Resources


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The only line on standard error."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        return line


@pytest.fixture
def bitfront(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Call ``bitfront ARGUMENTS``; arguments are split at spaces."""

    def call(arguments: str) -> Outcome:
        before = signal.getsignal(signal.SIGTERM)
        monkeypatch.setattr(sys, "argv", ["bitfront", *arguments.split()])
        capfd.readouterr()
        try:
            code = main()
        finally:
            signal.signal(signal.SIGTERM, before)
        return Outcome(code, *capfd.readouterr())

    return call


@pytest.fixture
def run_verb() -> Callable[..., str]:
    """Run one verb; return what it prints, or raise what it raises."""

    def call(verb: Callable[..., None], *arguments: object) -> str:
        app = typer.Typer()
        app.command()(verb)
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0
        return result.stdout

    return call


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights for digits-mlp that nobody trained."""
    path = tmp_path_factory.mktemp("weights") / "mlp.pt"
    torch.save(load_network("digits-mlp").initial(1).state_dict(), path)
    return path


def _report(**changes: object) -> Report:
    """Return the report of a made-up build, changed as told."""
    words = Payload(element_bits=4, lanes=1, beats=4)
    values = {
        "model": "/a/folder/net_int4.onnx",
        "model_sha256": "0" * 64,
        "board": "ulx3s-85f",
        "dsp": "none",
        "fold": "auto",
        "foldings": {"fc": Folding(pe=1, simd=1).to_json()},
        "fifo_depths": {},
        "images": "4 seeded images",
        "seed": 0,
        "words_compared": 12,
        "words_different": 0,
        "codes_used": {},
        "codes_possible": {},
        "ii_cycles": 12,
        "measured_interval_cycles": 12.0,
        "latency_cycles": 20,
        "measured_latency_cycles": 21,
        "clock_mhz": 100.0,
        "compute_fps": 100e6 / 12,
        "estimate": Resources(lut=110),
        "synthesis": Resources(lut=100, ff=50, bram18=1),
        "lut_error_pct": 10.0,
        "board_synthesis": None,
        "result": None,
        "fmax_mhz": 0.0,
        "bitstream": "",
        "accelerator_sha256": "1" * 64,
        "input": words,
        "output": words,
        "tools": {},
        "seconds": {},
    }
    return Report(**{**values, **changes})


@pytest.fixture
def make_report() -> Callable[..., Report]:
    return _report
