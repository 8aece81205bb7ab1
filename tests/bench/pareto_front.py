"""The front of a million points in two and three objectives against moocore."""

import moocore
import numpy as np

from dse.pareto import front
from tests.bench.timing import interleaved

POINTS = 10**6


def run() -> dict[str, object]:
    """Random clouds: uniform, and close to a front so that many points survive."""
    rng = np.random.default_rng(0)
    result: dict[str, object] = {"points": POINTS}
    for objectives in (2, 3):
        uniform = rng.random((POINTS, objectives))
        direction = np.abs(rng.normal(size=(POINTS, objectives)))
        sphere = 1 - direction / np.linalg.norm(direction, axis=1, keepdims=True)
        near = sphere + 0.01 * rng.random((POINTS, 1))
        for cloud, points in {"uniform": uniform, "near a front": near}.items():
            ours = front(points)
            assert np.array_equal(ours, moocore.is_nondominated(points, keep_weakly=True))
            times = interleaved(
                {
                    "ours": lambda p=points: front(p),
                    "moocore": lambda p=points: moocore.is_nondominated(p, keep_weakly=True),
                },
                rounds=3,
            )
            result[f"{objectives} objectives, {cloud}"] = {
                "on_front": int(ours.sum()),
                "times": times,
                "moocore_over_ours": times["moocore"].best_s / times["ours"].best_s,
            }
    return result
