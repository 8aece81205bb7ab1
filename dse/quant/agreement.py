"""Exact hardware sums against the float32 sums of the Brevitas network a file was exported from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dse.data import Dataset, load_dataset
from dse.errors import DataError
from dse.models import load_network
from dse.point import Quantization, Scheme
from dse.progress import Progress
from dse.quant.export import read_facts
from dse.quant.images import batches_of
from dse.quant.source import EvaluatorSource, as_wanted
from dse.recipe import Recipe
from hw_models.build.images import given_images
from hw_models.model import Model
from hw_models.sim.golden import golden_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Golden against Brevitas on a data set's test images.

    Attributes:
        images: Test images.
        golden_top1_pct: Those that golden classifies right [%].
        brevitas_top1_pct: Those that Brevitas does [%].
        disagreeing: Images that they put into different classes.
    """

    images: int
    golden_top1_pct: float
    brevitas_top1_pct: float
    disagreeing: int


def agreement_of(file: Path, model: Model, progress: Progress) -> Agreement | None:
    """Compare golden with the Brevitas network that a file was exported from.

    The network is trained and calibrated again, with the default seed and calibration images.

    Args:
        file: QONNX file.
        model: What `read_model` gives for it.
        progress: Told of training.

    Returns:
        What was found; `None` for a file that names no data set.

    Raises:
        DataError: The data set has changed since.
        UserError: It is missing, or the network is.
    """
    facts = read_facts(file)
    if not facts.get("data"):
        return None
    data = load_dataset(facts["data"], 0)
    if data.fingerprint != facts["data_fingerprint"]:
        raise DataError(f"data set '{data.name}' has changed since {file} was exported")
    data = as_wanted(data, load_network(facts["network"]))
    x, labels = data.as_float(data.test), data.test.y
    codes = given_images(model.input, x, data.name).codes
    sums = golden_outputs(model, codes)
    ours = model.output.values(sums).reshape(len(labels), -1).argmax(axis=1)
    theirs = _brevitas_classes(facts, data, x, progress)
    return Agreement(
        images=len(labels),
        golden_top1_pct=100 * float((ours == labels).mean()),
        brevitas_top1_pct=100 * float((theirs == labels).mean()),
        disagreeing=int((ours != theirs).sum()),
    )


@torch.no_grad()
def _brevitas_classes(
    facts: dict[str, str], data: Dataset, x: NDArray[np.float32], progress: Progress
) -> NDArray[np.int64]:
    source = EvaluatorSource(
        network=facts["network"],
        checkpoint=None,
        data=facts["data"],
        calibration=len(data.calibration),
        seed=0,
    )
    scheme, recipe = Scheme.from_json(facts["scheme"]), Recipe.parse(facts["recipe"])
    network = source(progress).quantized(Quantization(scheme=scheme, recipe=recipe))
    batches = batches_of(x)
    return torch.cat([network.module(batch).argmax(dim=1) for batch in batches]).numpy()
