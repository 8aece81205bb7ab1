"""Every notebook runs from its first cell to its last, and its two files hold the same."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """How to reach a kernel: through files, for ports may be taken; their path must be short.

    Kernels find this checkout and the command.
    """
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    with TemporaryDirectory() as folder:
        reached = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
        yield Config({"AsyncKernelManager": reached})


def cells_of(name: str, suffix: str) -> list[tuple[str, str]]:
    """Return kind and text of every cell of one of a notebook's files."""
    book = jupytext.read(ROOT / "notebooks" / f"{name}{suffix}")
    return [(cell.cell_type, cell.source) for cell in book.cells]


def executed(name: str, folder: Path, sockets: Config) -> NotebookNode:
    """Run a notebook in `folder`; a cell that raises is an error here."""
    book = jupytext.read(ROOT / "notebooks" / f"{name}.py")
    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=1200,
        resources={"metadata": {"path": str(folder)}},
        config=sockets,
    )
    return client.execute()


def outputs(book: NotebookNode, kind: str) -> list[str]:
    """Return all that cells gave of a MIME type."""
    found = [output.get("data", {}) for cell in book.cells for output in cell.get("outputs", ())]
    return [data[kind] for data in found if kind in data]


def test_the_six_notebooks_are_there():
    assert [name[:2] for name in NAMES] == [f"{number:02}" for number in range(1, 7)]


@pytest.mark.parametrize("name", NAMES)
def test_both_files_of_a_notebook_hold_the_same_cells(name):
    assert cells_of(name, ".py") == cells_of(name, ".ipynb")


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_notebook_has_no_outputs(name):
    book = jupytext.read(ROOT / "notebooks" / f"{name}.ipynb")
    for cell in book.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_first_and_answers_last(name, tmp_path, sockets):
    book = executed(name, tmp_path, sockets)
    first, last = book.cells[0], book.cells[-1]
    assert first.source.startswith(f"# {name[:2]} ·")
    assert "?**" in first.source
    (answer,) = last.outputs
    assert len(answer["data"]["text/markdown"]) > 80
    if "dse.explore(" in "".join(cell.source for cell in book.cells):
        shown = "".join(outputs(book, "text/html"))
        assert "<progress value=" in shown
        assert "chosen on validation" in shown
