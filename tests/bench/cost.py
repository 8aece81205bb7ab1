"""Cost estimates per second: the vectorised model, one design point at a time, FINN's formula."""

import time

import numpy as np

from dse.formats import default_sweep
from dse.models import load_network
from dse.quant.trace import trace
from dse.quant.workload import template
from hw_models.cost import estimate, estimate_points
from hw_models.cost.finn_r import finn_r_lut
from hw_models.folding import fold_to_fps
from tests.bench.timing import interleaved

POINTS = 10**6
ONE_BY_ONE = 200


def run() -> dict[str, object]:
    """Aim: over 10⁶ layer points a second, formats drawn for each layer of fmnist-cnn."""
    formats = default_sweep()
    network = trace(load_network("fmnist-cnn").initial(0))
    shapes = template(network, (1, 28, 28), formats[0].unsigned())
    foldings = fold_to_fps(shapes, 1000, 250)
    rng = np.random.default_rng(0)
    weights, acts = rng.integers(0, len(formats), (2, POINTS, len(foldings)))
    few = [
        ([formats[i] for i in w], [formats[i] for i in a])
        for w, a in zip(weights[:ONE_BY_ONE], acts[:ONE_BY_ONE], strict=True)
    ]
    started = time.process_time()
    table = estimate_points(shapes, formats, weights, acts, foldings, "xcup", "none")
    cold_s = time.process_time() - started  # distinct nodes are costed once and kept
    for index, point in enumerate(few[:20]):
        report = estimate(shapes.with_formats(*point), foldings, "xcup", "none")
        assert report.resources.lut == table.lut[index]
    times = interleaved(
        {
            "vectorised": lambda: estimate_points(
                shapes, formats, weights, acts, foldings, "xcup", "none"
            ),
            "one by one": lambda: [
                estimate(shapes.with_formats(*point), foldings, "xcup", "none") for point in few
            ],
            "finn-r, one by one": lambda: [
                finn_r_lut(mvau, folding, uses_dsp=False)
                for point in few
                for mvau, folding in zip(shapes.with_formats(*point).mvaus, foldings, strict=True)
            ],
        },
        rounds=3,
    )
    layers = len(foldings)
    vectorised = POINTS * layers / times["vectorised"].best_s
    one_by_one = ONE_BY_ONE * layers / times["one by one"].best_s
    finn_r = ONE_BY_ONE * layers / times["finn-r, one by one"].best_s
    return {
        "points": POINTS,
        "layers": layers,
        "times": times,
        "first_call_layer_points_per_s": POINTS * layers / cold_s,
        "vectorised_layer_points_per_s": vectorised,
        "one_by_one_layer_points_per_s": one_by_one,
        "finn_r_one_by_one_layer_points_per_s": finn_r,
        "one_by_one_over_finn_r": one_by_one / finn_r,
        "vectorised_over_finn_r": vectorised / finn_r,
        "vectorised_over_one_by_one": vectorised / one_by_one,
    }
