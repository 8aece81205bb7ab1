"""CONTRIBUTING's examples, as they stand there, pass the conformance tests with one file each."""

import re
import subprocess
import sys
from pathlib import Path

from contributed import EXAMPLES, ROOT, install

FOLDERS = {
    *("dse/formats", "dse/quant/ptq", "dse/search/samplers", "dse/models", "dse/data"),
    "hw_models/boards",
}
CASES = {
    "power": "pot",  # its formats
    "shrunk-bias": "shrunk-bias and not (scheme and not e2m1-)",  # one format of 24 for all
}
"""How cases of a plug-in are chosen, where not by its name."""


def test_there_is_an_example_of_everything():
    assert {str(Path(file).parent) for file in EXAMPLES} == FOLDERS


def test_the_examples_pass_the_conformance_tests(tmp_path, monkeypatch):
    names = [install(tmp_path, file) for file in EXAMPLES]
    cases = [CASES.get(name, name) for name in names]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    command = [
        *(sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/conformance"),
        *("-k", " or ".join(f"({case})" for case in cases)),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    for case in cases:
        passed = re.findall(rf"\[.*{case.split()[0]}.*\] PASSED", run.stdout)
        assert len(passed) >= 3, run.stdout
