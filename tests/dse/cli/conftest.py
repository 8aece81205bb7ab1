"""Runs the command line in this process, so that torch is loaded once."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dse.cli import main


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
