"""Networks that nobody trained, quantized to be verified as hardware: weights and images are drawn.

BatchNorm's statistics and the quantizers' scales are taken on the images that a build draws too, so
that quantizers use most of their codes on them.
"""

import numpy as np
import torch

from dse.data import Dataset, Split
from dse.errors import DesignError
from dse.formats import parse_format
from dse.models import load_network
from dse.models.seeded import seeded_network
from dse.quant.evaluator import Evaluator
from hw_models.build.images import DEFAULT_COUNT, seeded_images
from hw_models.model import ModelInput

_SCALE = 1 / 255


def seeded_evaluator(name: str, seed: int) -> Evaluator:
    """Return the network called `name` with random weights, its ranges taken on drawn images.

    Its data set's four splits are these images, uint8 and without classes. Sets the threads torch
    uses in this process to one.

    Args:
        name: Name of a network, or ``package.module:factory``.
        seed: Decides weights and images; the images are those of ``bitfront build --seed``.

    Raises:
        DesignError: It does not say what images it takes.
        UserError: It is unknown, or cannot be quantized.
    """
    torch.set_num_threads(1)
    network = load_network(name)
    if not network.input_shape:
        raise DesignError(f"network '{name}' does not say what images it takes")
    channels, height, width = network.input_shape
    pixels = parse_format("uint8")
    place = ModelInput(name="image", shape=(height, width, channels), format=pixels, scale=_SCALE)
    codes = seeded_images(place, DEFAULT_COUNT, seed).codes
    split = Split(
        x=np.ascontiguousarray(codes.transpose(0, 3, 1, 2), dtype=np.uint8),
        y=np.zeros(len(codes), dtype=np.int64),
    )
    data = Dataset(
        name="",
        train=split,
        calibration=split,
        validation=split,
        test=split,
        n_classes=1,
        input_format=pixels,
        input_scale=_SCALE,
        fingerprint="",
    )
    module = seeded_network(network, torch.from_numpy(data.as_float(split)), seed)
    return Evaluator(module, "", data, calibration=len(split), seed=seed)
