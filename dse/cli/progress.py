"""Progress bars on standard error, one a step, with the time left."""

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Show a bar for each step that is reported meanwhile, and nothing before the first.

    On a terminal the bars move; elsewhere each is printed once, when all is over.
    """
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
