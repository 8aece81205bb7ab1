"""What the documentation tells its readers to run: commands and Python, in the order of a page."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
PROGRAMS = ("bitfront", "dask", "jupytext", "make", "pip", "python")
"""What begins a command."""

_PROGRAM = rf"(?:{'|'.join(PROGRAMS)})"
_FENCED = re.compile(r"^ *```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^ *```$", re.M | re.S)
_INDENTED = re.compile(rf"^ {{4}}({_PROGRAM} .*?)(?:  +.*)?$", re.M)
_MENTIONED = re.compile(rf"`({_PROGRAM} [^`]*)`")


@dataclass(frozen=True)
class Piece:
    """A script in a page, or one command of its text.

    Attributes:
        language: Of the fenced block; `sh` also for indented and mentioned commands.
        code: As it stands in the page.
    """

    language: str
    code: str


def pieces(text: str) -> list[Piece]:
    """Return what a page holds, in its order: fenced blocks, indented and mentioned commands."""
    found = {m.start(): Piece(m["language"], m["code"]) for m in _FENCED.finditer(text)}
    prose = _FENCED.sub(lambda block: " " * len(block[0]), text)  # what follows keeps its place
    for pattern in (_INDENTED, _MENTIONED):
        found |= {m.start(): Piece("sh", m[1].replace("\n", " ")) for m in pattern.finditer(prose)}
    return [found[start] for start in sorted(found)]


def replaced(text: str, stand_ins: Mapping[str, str]) -> str:
    """Return a text with all that `stand_ins` names replaced; what it names must be there."""
    for wanted, instead in stand_ins.items():
        assert wanted in text, f"nothing to stand in for: {wanted}"
        text = text.replace(wanted, instead)
    return text


def expanded(script: str, folder: Path, **variables: str) -> list[list[str]]:
    """Return the words of a script's commands, as bash hands them to programs; nothing is run.

    Loops, quotes, comments and continued lines are bash's. In the place of each of `PROGRAMS` is a
    function that writes down its arguments.

    Args:
        script: What to expand.
        folder: The current folder, for patterns such as ``*.ipynb``.
        variables: Further variables of the shell.
    """
    record = "".join(f'{name}() {{ printf "%s\\0" "$#" {name} "$@" >&3; }}\n' for name in PROGRAMS)
    given = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    run = subprocess.run(
        ["bash", "-euc", f"exec 3>&1 >/dev/null\n{record}{given}{script}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{script}{run.stderr}"
    return list(_records(run.stdout.split("\0")[:-1]))


def _records(words: list[str]) -> Iterator[list[str]]:
    while words:
        end = int(words[0]) + 2
        yield words[1:end]
        words = words[end:]


def make_script(target: str) -> str:
    """Return the script of a target of the Makefile, without what installs."""
    dry = ("make", "--dry-run", "--assume-old=install", "--no-print-directory", target)
    printed = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return printed.replace(".venv/bin/", "")
