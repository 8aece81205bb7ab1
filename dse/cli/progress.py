"""Progress bars on standard error, one a step, with the time left."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dse.search.evaluate import Progress as Report


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Show a bar for each step that is reported meanwhile.

    On a terminal the bars move; elsewhere each is printed once, when all is over.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total, completed=done)
            bars.update(tasks[step], completed=done, total=total)

        yield report
