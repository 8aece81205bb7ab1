"""Every `bitfront` command in the README and the documentation is understood; the tour's are run.

Blocks after ``<!-- tests: run -->`` are run, one command after the other, on stand-ins where
`STAND_INS` says so. The others are only parsed, by the command line's own parser: they take hours,
or need a board, a vendor's tool or images that are not here.
"""

import ast
import re
import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer import TyperException
from typer.main import get_command

import dse
from dse.cli import app, main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = "<!-- tests: run -->\n"
STAND_INS = {
    "--fold model.foldings.json": "--fold fps=2000 --no-bitstream --images 4",
    "--mutations 20": "--mutations 2 --count 10",
    "--count 20": "--count 3",
}
"""What takes minutes in the tour, and what is run instead."""
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.M | re.S)
_IN_TEXT = re.compile(r"`(bitfront [a-z][^`]*)`")


def commands_in(script: str) -> list[str]:
    """Return the `bitfront` commands of a shell script, without comments, one line each."""
    lines = (line.strip() for line in script.replace("\\\n", " ").splitlines())
    return [
        shlex.join(shlex.split(line, comments=True))
        for line in lines
        if line.startswith("bitfront ")
    ]


def blocks(page: Path, language: str) -> list[str]:
    return [m[3] for m in _BLOCK.finditer(page.read_text()) if m[2] == language]


def documented() -> list[tuple[str, str]]:
    """Return page and command of all that is documented, placeholders filled in."""
    found = []
    for page in PAGES:
        text = page.read_text()
        scripts = "\n".join(blocks(page, "sh"))
        named = [m[1] for m in _IN_TEXT.finditer(re.sub(_BLOCK, "", text))]
        place = str(page.relative_to(ROOT))
        found += [(place, x) for x in dict.fromkeys([*commands_in(scripts), *named])]
    return found


def parse(command: str) -> None:
    """Have the command line's parser take a command as it would before running it."""
    words = shlex.split(command)
    context = get_command(app).make_context(words[0], words[1:])
    while hasattr(context.command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, verb, rest = context.command.resolve_command(context, rest)
        if len(words) == 2:
            return  # a command that is only mentioned
        context = verb.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("page", "command"), documented())
def test_a_command_is_understood(page, command):
    parse(command.removesuffix(" --help"))


def test_what_is_not_understood_is_noticed():
    with pytest.raises(TyperException, match="No such option"):
        parse("bitfront pareto study --bogus 1")
    with pytest.raises(TyperException, match="No such command"):
        parse("bitfront parreto study")


def tour() -> list[str]:
    """Return the commands of the README that are run, in their order."""
    text = (ROOT / "README.md").read_text()
    marked = [part[: part.index("```\n", 6)] for part in text.split(RUN)[1:]]
    return [command for script in marked for command in commands_in(script)]


def test_the_tour_can_be_made(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    commands = tour()
    assert len(commands) == 9
    for command in commands:
        if "DIGEST" in command:
            digest = pd.read_csv("reports/tour/front.csv")["digest"].iloc[0]
            command = command.replace("DIGEST", digest[:8])
        for wanted, instead in STAND_INS.items():
            command = command.replace(wanted, instead)
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        code = main()
        shown = capfd.readouterr()
        assert code == 0, f"{command}: {shown.err}"
        assert shown.out
    assert Path("reports/tour/report.md").exists()
    assert Path("model.foldings.json").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_in_the_documentation_is_python(page):
    for code in blocks(page, "python"):
        ast.parse(code)


def test_make_targets_that_are_named_exist():
    known = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        named = re.findall(r"(?:`|^ +|^)make ([a-z-]+)(?=[` \n])", page.read_text(), re.M)
        assert set(named) <= known


def test_the_readme_lists_the_public_surface():
    text = (ROOT / "README.md").read_text()
    section = text[text.index("| name | what it is |") : text.index("## What is measured")]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(dse.__all__)
