"""Progress bars, one a step: on standard error with the time left, or in a notebook's output."""

import html
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dse.progress import Progress as Report

if TYPE_CHECKING:
    from IPython.display import DisplayHandle


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Show a bar for each step that is reported meanwhile, and nothing before the first.

    On a terminal and in a notebook the bars move; elsewhere each is printed once, when all is over.
    """
    with _notebook_bars() if _is_notebook() else _terminal_bars() as report:
        yield report


def _is_notebook() -> bool:
    """Return whether a Jupyter kernel runs this process."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def _notebook_bars() -> Iterator[Report]:
    """Show bars of plain HTML, which need no widgets to be installed and stay in a saved output."""
    from IPython.display import HTML, display

    shown: dict[str, DisplayHandle] = {}

    def report(step: str, done: int, total: int) -> None:
        bar = HTML(
            f"{html.escape(step)} <progress value='{done}' max='{total}'></progress> "
            f"{done} of {total}"
        )
        if step in shown:
            shown[step].update(bar)
        else:
            shown[step] = display(bar, display_id=True)

    yield report


@contextmanager
def _terminal_bars() -> Iterator[Report]:
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    tasks: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int) -> None:
        if step not in tasks:
            bars.start()
            tasks[step] = bars.add_task(step, total=total, completed=done)
        bars.update(tasks[step], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            bars.stop()
