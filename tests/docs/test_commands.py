"""Every command and every block of Python in the README and the documentation is run.

Page by page, in a folder that holds what the page takes as given (`given.py`), on stand-ins for
what takes hours (`stand_ins.py`, which also lists the few things that no test can run).
"""

import ast
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from documented import PAGES, ROOT, expanded, make_script, pieces, replaced
from given import GIVEN, torchvision
from packaging.requirements import Requirement
from small_torchvision import get_model
from stand_ins import MAKE, NARROWED, ONLY_PARSED, STAND_INS
from typer import TyperException
from typer.main import get_command

import dse
from dse.cli import app, main
from hw_models.calibration import calibrate

FINN = "docs/hardware.md", "\n## FINN\n"
"""The section that needs FINN, by its page and heading: a test of its own."""
VERBS = get_command(app).commands

Words = list[str]


def page_text(page: str) -> str:
    """Return a page on its stand-ins, without the section on FINN."""
    text = replaced(PAGES[page].read_text(), STAND_INS.get(page, {}))
    return text.partition(FINN[1])[0] if page == FINN[0] else text


def is_only_parsed(code: str) -> bool:
    return any(line.startswith(tuple(ONLY_PARSED)) for line in code.splitlines())


def parse(words: Words) -> None:
    """Have the command line's parser take a command as it would before running it."""
    context = get_command(app).make_context(words[0], words[1:])
    while hasattr(context.command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, verb, rest = context.command.resolve_command(context, rest)
        context = verb.make_context(name, rest, parent=context)


class Reader:
    """Does what a page says.

    Args:
        folder: The current folder.
        bitfront: Runs the command line in this process, so that torch is loaded once.
    """

    def __init__(self, folder: Path, bitfront: Callable[[Words], None]) -> None:
        self._folder, self._bitfront = folder, bitfront
        self._background: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    def follow(self, text: str) -> list[str]:
        """Run all that a page holds, in its order, each command once; return the commands."""
        done: list[str] = []
        for piece in pieces(text):
            if piece.language == "python" and not is_only_parsed(piece.code):
                exec(compile(piece.code, "page", "exec"), {"__name__": "page"})
            if piece.language == "sh":
                for words in expanded(piece.code, self._folder, PORT=self._port):
                    command = shlex.join(words)
                    if command not in done and not is_only_parsed(command):
                        self._run(words)
                        done.append(command)
        return done

    def _run(self, words: Words) -> None:
        program = Path(sys.executable).parent / words[0]
        match words[0]:
            case "bitfront":
                self._bitfront(words)
            case "make":
                script = replaced(make_script(words[1]), MAKE[words[1]])
                for command in expanded(script, self._folder):
                    if command[0] != "make":  # what that makes follows it in the script
                        self._run(command)
            case "dask":  # a scheduler or a worker, which stays
                self._background.append(subprocess.Popen([program, *words[1:]]))
            case _:
                subprocess.run([program, *words[1:]], check=True)

    def end(self) -> None:
        """End what goes on in the background, the last first."""
        for process in reversed(self._background):
            process.terminate()
            process.wait(60)


@pytest.fixture
def bitfront(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Words], None]:
    """Run a command; a verb that is only named, and needs arguments, is asked for help."""

    def call(words: Words) -> None:
        if len(words) == 2 and any(parameter.required for parameter in VERBS[words[1]].params):
            words = [*words, "--help"]
        monkeypatch.setattr(sys, "argv", words)
        capfd.readouterr()
        code = main()
        shown = capfd.readouterr()
        lacks_vivado = words[1:3] == ["finn", "build"]  # what is left then is a script
        assert code == (3 if lacks_vivado else 0), f"{shlex.join(words)}: {shown.err}"
        assert shown.out

    return call


@pytest.fixture
def reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bitfront: Callable[[Words], None]
) -> Iterator[Reader]:
    """A reader in an empty folder, whose modules can be imported and are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.setenv("BITFRONT_VIVADO", "/nowhere/vivado")
    for name, value in NARROWED.items():
        monkeypatch.setattr(f"hw_models.calibration.{name}", value)
    monkeypatch.setattr(calibrate, "COST", shutil.copytree(calibrate.COST, tmp_path / "cost"))
    handler, modules = signal.getsignal(signal.SIGTERM), set(sys.modules)
    made = Reader(tmp_path, bitfront)
    yield made
    made.end()
    signal.signal(signal.SIGTERM, handler)
    plt.close("all")
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", [page for page in PAGES if pieces(page_text(page))])
def test_what_a_page_says_can_be_done(page, reader, tmp_path):
    for make in GIVEN.get(page, ()):
        make(tmp_path)
    reader.follow(page_text(page))


@pytest.mark.tool("finn")
def test_what_the_page_says_of_finn_can_be_done(reader):
    page, heading = FINN
    done = reader.follow(PAGES[page].read_text().partition(heading)[2])
    assert {"setup", "estimate", "build", "compare"} <= {command.split()[2] for command in done}


@torch.no_grad()
def test_pixels_that_are_folded_into_a_checkpoint_are_normalised(reader, tmp_path):
    torchvision(tmp_path)
    (code,) = [x.code for x in pieces(page_text("docs/networks.md")) if x.language == "python"]
    exec(code, page := {})
    images = torch.rand(2, 3, 32, 32)
    normalised = (images - page["mean"].view(3, 1, 1)) / page["std"].view(3, 1, 1)
    for name in page["first"]:
        network = get_model(name, weights="IMAGENET1K_V1").eval()
        wanted = network(normalised)
        network.load_state_dict(torch.load(f"{name}.pt"))
        torch.testing.assert_close(network(images), wanted)
        assert not torch.allclose(network(normalised), wanted)


def test_no_command_is_overlooked():
    named = re.compile(rf"\bbitfront\s+(?:{'|'.join(VERBS)})\b")
    for page, path in PAGES.items():
        found = pieces(path.read_text())
        assert {piece.language for piece in found} <= {"sh", "python", "toml"}, page
        scripts = "\n".join(piece.code for piece in found if piece.language == "sh")
        assert len(named.findall(scripts)) == len(named.findall(path.read_text())), page


def test_stand_ins_are_of_pages_that_are_there():
    assert {*STAND_INS, *GIVEN, FINN[0]} <= set(PAGES)


def test_only_what_no_test_can_run_is_only_parsed(tmp_path):
    (tmp_path / "docs").mkdir()
    found = [piece for path in PAGES.values() for piece in pieces(path.read_text())]
    scripts = [piece.code for piece in found if piece.language == "sh"]
    every = [words for script in scripts for words in expanded(script, tmp_path)]
    commands = [words for words in every if is_only_parsed(shlex.join(words))]
    blocks = [x.code for x in found if x.language == "python" and is_only_parsed(x.code)]
    lines = [*map(shlex.join, commands), *"".join(blocks).splitlines()]
    for known in ONLY_PARSED:
        assert any(line.startswith(known) for line in lines), known
    for code in blocks:
        ast.parse(code)
    for program, *rest in commands:
        match program:
            case "pip":
                Requirement(rest[-1])
            case "make" if f"make {rest[0]}" in (ROOT / ".ci" / "run").read_text():
                pass
            case "make":
                for words in expanded(make_script(rest[0]), tmp_path):
                    if words[0] == "bitfront":
                        parse(words)
            case _:
                pytest.fail(f"{program} is not parsed here")


def test_what_is_not_understood_is_noticed():
    with pytest.raises(TyperException, match="No such option"):
        parse(["bitfront", "pareto", "study", "--bogus", "1"])
    with pytest.raises(TyperException, match="No such command"):
        parse(["bitfront", "parreto", "study"])


def test_make_targets_that_are_named_exist():
    known = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES.values():
        named = re.findall(r"(?:`|^ +|^)make ([a-z-]+)(?=[` \n])", page.read_text(), re.M)
        assert set(named) <= known


def test_the_readme_lists_the_public_surface():
    text = (ROOT / "README.md").read_text()
    section = text[text.index("| name | what it is |") : text.index("## What is measured")]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(dse.__all__)
