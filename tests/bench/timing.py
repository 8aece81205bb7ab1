"""Times functions against each other in one run, so that a busy machine slows all of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """CPU seconds of one function, over the rounds of one run.

    Attributes:
        best_s: Fastest round [s].
        median_s: Middle round [s].
        rounds: How often it ran.
    """

    best_s: float
    median_s: float
    rounds: int


def interleaved(functions: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Timing]:
    """Run every function once a round, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            started = time.process_time()
            function()
            if number:
                seconds[name].append(time.process_time() - started)
    return {
        name: Timing(best_s=min(times), median_s=sorted(times)[rounds // 2], rounds=rounds)
        for name, times in seconds.items()
    }
