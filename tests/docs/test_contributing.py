"""CONTRIBUTING's examples, as they stand there, pass the conformance tests with one file each."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r'^```python title="(?P<file>[\w/]+\.py)"\n(?P<code>.*?)^```$', re.M | re.S)
EXAMPLES = {m["file"]: m["code"] for m in EXAMPLE.finditer((ROOT / "CONTRIBUTING.md").read_text())}
FOLDERS = {
    *("dse/formats", "dse/quant/ptq", "dse/search/samplers", "dse/models", "dse/data"),
    "hw_models/boards",
}
CASES = {
    "power": "pot",  # its formats
    "shrunk-bias": "shrunk-bias and not (scheme and not e2m1-)",  # one format of 24 for all
}
"""How cases of a plug-in are chosen, where not by its name."""


def install(folder: Path, package: str, name: str, code: str) -> None:
    """Make `folder` a distribution whose only entry point is a plug-in."""
    module = f"{name.replace('-', '_')}_from_contributing"
    (folder / f"{module}.py").write_text(code)
    about = folder / f"{module}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{package}]\n{name} = {module}\n")


def test_there_is_an_example_of_everything():
    assert {str(Path(file).parent) for file in EXAMPLES} == FOLDERS


def test_the_examples_pass_the_conformance_tests(tmp_path, monkeypatch):
    cases = {}
    for file, code in EXAMPLES.items():
        name = Path(file).stem.replace("_", "-")
        install(tmp_path, str(Path(file).parent).replace("/", "."), name, code)
        cases[name] = CASES.get(name, name)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    command = [
        *(sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/conformance"),
        *("-k", " or ".join(f"({case})" for case in cases.values())),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    for case in cases.values():
        passed = re.findall(rf"\[.*{case.split()[0]}.*\] PASSED", run.stdout)
        assert len(passed) >= 3, run.stdout
