"""How long work tells what it has done."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, the parts done, and the parts there are."""


def silent(step: str, done: int, total: int) -> None:
    """Report nothing."""
