"""Evaluating fmnist-cnn: frozen points against the float network and against Brevitas modules."""

import torch

from dse.data import load_dataset
from dse.formats import default_sweep, parse_format
from dse.models import load_network
from dse.point import Scheme
from dse.quant.fast import freeze, logits_of
from dse.quant.images import BATCH_IMAGES
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace
from tests.bench.timing import interleaved

IMAGES = 5000
TOGETHER = 8
"""Points that share their beginning, as the evaluator groups them."""


@torch.no_grad()
def run() -> dict[str, object]:
    """Aim: a point at most 1.2 times the float network, below 1.0 over a grid."""
    data = load_dataset("fashion-mnist", 0)
    # speed does not depend on the weights' values, so they need no training
    network = load_network("fmnist-cnn").initial(0).eval()
    images = torch.from_numpy(data.as_float(data.test)[:IMAGES])
    batches = images.split(BATCH_IMAGES)
    calibrated = CalibratedNetwork.from_images(trace(network), batches[:10], data.input_scale)
    names = calibrated.network.layer_names

    def point(act: str) -> Scheme:
        return Scheme.uniform(names, parse_format("e4m3"), parse_format(act), data.input_format)

    brevitas = prepare(calibrated, point("e4m3"))
    alone = freeze(brevitas)
    acts = [act.name for act in default_sweep()[-TOGETHER:]]
    group = [freeze(prepare(calibrated, point(act))) for act in acts]
    assert torch.equal(alone(batches[0]), brevitas.module(batches[0]))

    times = interleaved(
        {
            "float network": lambda: [network(batch) for batch in batches],
            "float network, BatchNorm merged": lambda: [
                calibrated.network.module(batch) for batch in batches
            ],
            "brevitas modules": lambda: [brevitas.module(batch) for batch in batches],
            "one point": lambda: [alone(batch) for batch in batches],
            "points that share": lambda: [list(logits_of(group, batch)) for batch in batches],
        },
        rounds=3,
    )
    float_s = times["float network"].best_s
    return {
        "network": "fmnist-cnn",
        "formats": "e4m3 weights",
        "images": IMAGES,
        "times": times,
        "point_over_float": times["one point"].best_s / float_s,
        "shared_point_over_float": times["points that share"].best_s / TOGETHER / float_s,
        "brevitas_over_point": times["brevitas modules"].best_s / times["one point"].best_s,
    }
