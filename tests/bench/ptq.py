"""Post-training methods against Brevitas' own, on one network, with one set of quantizers.

Brevitas' functions are those of its example script, `brevitas_examples`, and its graph tools; they
get the Brevitas network that ours get, and the same images. On fmnist-cnn accuracies and times are
compared, and the accuracy of ours by Brevitas' definition where that differs. On EfficientNet-Lite0
there is no data set of images here, so it is times, and how far logits of drawn images are from the
float network's; there Brevitas' learned rounding stops after `LARGE_STEPS` of its 1000 steps,
for the sake of time, while ours takes all of its own.
"""

import copy
import time
import warnings
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import torch

from dse.errors import DataError
from dse.formats import parse_format
from dse.models import load_network
from dse.models.efficientnet_lite0 import INSTALL
from dse.models.seeded import seeded_images
from dse.models.weights import trained
from dse.point import Quantization, Scheme
from dse.quant.evaluator import Evaluator
from dse.quant.layers import weight_of
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.quantizer import Quantizer
from dse.quant.source import EvaluatorSource
from dse.quant.trace import trace
from dse.recipe import Recipe
from tests.bench.likened import LIKENED, RATE, STEPS

NETWORK, DATA = "fmnist-cnn", "fashion-mnist"
FORMATS = ("int4", "int8")
CLOSE_POINTS = 0.3
LARGE, LARGE_FORMAT, LARGE_IMAGES, LARGE_STEPS = "efficientnet-lite0", "int4", 4, 20

Loader = list[tuple[torch.Tensor, torch.Tensor]]
Improve = Callable[[QuantizedNetwork, Loader, int], None]

_BY_DEFINITION = "ours_by_brevitas_definition_test_top1_pct"


def run() -> dict[str, object]:
    """Aim: accuracies within 0.3 points of Brevitas' and no method slower."""
    if missing := [name for name in ("accelerate", "tqdm") if find_spec(name) is None]:
        return {"skipped": f"needs {' and '.join(missing)}: pip install '.[bench]'"}
    evaluator = small_network()
    rows = [accuracies(evaluator, name, method) for name in FORMATS for method in METHODS]
    large = large_network()
    return summary(evaluator, rows, [times(large, method) for method in METHODS] if large else [])


def summary(
    evaluator: Evaluator, rows: list[dict[str, Any]], large: list[dict[str, Any]]
) -> dict[str, object]:
    """Return the rows of both networks, and whether accuracies are as near as they should be."""
    as_is = max(_difference(row, "ours_test_top1_pct") for row in rows)
    likened = max(_difference(row, _likened_column(row)) for row in rows)
    return {
        "network": NETWORK,
        "float_test_top1_pct": evaluator.float_accuracy.test_top1_pct,
        "n_test": evaluator.float_accuracy.n_test,
        "methods": rows,
        "largest_difference_points": as_is,
        "all_within_0.3_points": as_is <= CLOSE_POINTS,
        "largest_difference_by_brevitas_definition_points": likened,
        "all_within_0.3_points_by_brevitas_definition": likened <= CLOSE_POINTS,
        LARGE: large or f"skipped: {INSTALL}",
    }


def _difference(row: dict[str, Any], ours: str) -> float:
    return abs(float(row[ours]) - float(row["brevitas_test_top1_pct"]))


def _likened_column(row: dict[str, Any]) -> str:
    return _BY_DEFINITION if _BY_DEFINITION in row else "ours_test_top1_pct"


def small_network() -> Evaluator:
    """Return the network whose accuracies are compared."""
    source = EvaluatorSource(network=NETWORK, checkpoint=None, data=DATA, calibration=1000, seed=0)
    return source()


@torch.no_grad()
def large_network() -> CalibratedNetwork | None:
    """Return EfficientNet-Lite0 calibrated on drawn images; `None` without its weights."""
    network = load_network(LARGE)
    try:
        state = trained(network, "", dict, seed=0).state
    except DataError:
        return None
    module = network.initial(0)
    module.load_state_dict(state)
    codes = seeded_images(LARGE_IMAGES, network.input_shape, seed=0) - network.pixels.offset
    scale = network.pixels.scale
    return CalibratedNetwork.from_images(trace(module), [codes * scale], scale)


def accuracies(evaluator: Evaluator, name: str, method: str) -> dict[str, Any]:
    """Return accuracies and times of a method for weights and activations of one format."""
    formats = parse_format(name), parse_format(name), evaluator.input_format
    scheme = Scheme.uniform(evaluator.layers, *formats)
    plain = prepare(evaluator.calibrated, scheme)
    ours, theirs, seconds = _both(evaluator.calibrated, plain, method, STEPS)
    likened = {}
    if method in LIKENED:
        network = LIKENED[method](evaluator.calibrated, plain)
        likened = {_BY_DEFINITION: evaluator.measure(network).test_top1_pct}
    return {
        "method": method,
        "format": name,
        "none_test_top1_pct": evaluator.measure(plain).test_top1_pct,
        "ours_test_top1_pct": evaluator.measure(ours).test_top1_pct,
        "brevitas_test_top1_pct": evaluator.measure(theirs).test_top1_pct,
        **likened,
        **seconds,
    }


def times(calibrated: CalibratedNetwork, method: str) -> dict[str, Any]:
    """Return times of a method, and the relative error of logits on the calibration images."""
    formats = [parse_format(LARGE_FORMAT)] * 2
    pixels = parse_format(load_network(LARGE).pixels.format)
    scheme = Scheme.uniform(calibrated.network.layer_names, *formats, pixels)
    plain = prepare(calibrated, scheme)
    ours, theirs, seconds = _both(calibrated, plain, method, LARGE_STEPS)
    (images,) = calibrated.images
    with torch.no_grad():
        wanted = calibrated.network.module(images)
        errors = {
            f"{whose}_relative_error": float(
                (network.module(images) - wanted).square().mean() / wanted.square().mean()
            )
            for whose, network in (("none", plain), ("ours", ours), ("brevitas", theirs))
        }
    row = {"method": method, "format": LARGE_FORMAT, "images": len(images), **errors, **seconds}
    return row | ({"brevitas_steps": LARGE_STEPS} if method == "learned-round" else {})


def _both(
    calibrated: CalibratedNetwork, plain: QuantizedNetwork, method: str, steps: int
) -> tuple[QuantizedNetwork, QuantizedNetwork, dict[str, float]]:
    """Return what our method and Brevitas' make of a network, and their CPU seconds.

    Args:
        calibrated: The float network.
        plain: Its quantized form.
        method: Name of the method.
        steps: Of Brevitas' learned rounding, for each layer.
    """
    started = time.process_time()
    wanted = Quantization(scheme=plain.scheme, recipe=Recipe((method,)))
    ours = Quantizer(calibrated=calibrated, seed=0).quantized(wanted)
    our_s = time.process_time() - started
    started = time.process_time()
    theirs = _by_brevitas(calibrated, plain, method, steps)
    their_s = time.process_time() - started
    seconds = {"ours_s": our_s, "brevitas_s": their_s, "brevitas_over_ours": their_s / our_s}
    return ours, theirs, seconds


def _by_brevitas(
    calibrated: CalibratedNetwork, plain: QuantizedNetwork, method: str, steps: int
) -> QuantizedNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if method == "equalize":
            return prepare(_equalized(calibrated), plain.scheme)
        network = replace(plain, module=copy.deepcopy(plain.module))
        loader = [(batch, torch.zeros(len(batch))) for batch in calibrated.images]
        _IMPROVE[method](network, loader, steps)
    network.module.eval()
    return network


def _equalized(calibrated: CalibratedNetwork) -> CalibratedNetwork:
    from brevitas.graph.quantize import preprocess_for_quantize

    module = copy.deepcopy(calibrated.network.module)
    processed = preprocess_for_quantize(
        copy.deepcopy(module), equalize_iters=20, equalize_merge_bias=True
    )
    with torch.no_grad():
        for layer in calibrated.network.layer_names:
            source, target = processed.get_submodule(layer), module.get_submodule(layer)
            assert weight_of(source).shape == weight_of(target).shape
            target.weight.copy_(source.weight)
            if target.bias is not None:
                target.bias.copy_(source.bias)
    return calibrated.rewritten(replace(calibrated.network, module=module))


def _gptq(network: QuantizedNetwork, loader: Loader, steps: int) -> None:
    from brevitas_examples.imagenet_classification.ptq.ptq_common import apply_gptq

    with torch.no_grad():
        apply_gptq(loader, network.module, act_order=True, use_quant_activations=True)


def _bias(network: QuantizedNetwork, loader: Loader, steps: int) -> None:
    from brevitas_examples.imagenet_classification.ptq.ptq_common import apply_bias_correction

    apply_bias_correction(loader, network.module)


def _learned_round(network: QuantizedNetwork, loader: Loader, steps: int) -> None:
    from brevitas_examples.imagenet_classification.ptq.learned_round_utils import (
        apply_learned_round,
    )

    arguments = Namespace(  # the script's defaults but for the steps
        learned_round="hard_sigmoid",
        learned_round_mode="layerwise",
        learned_round_loss="regularised_mse",
        learned_round_iters=steps,
        learned_round_lr=RATE,
        learned_round_lr_scheduler=None,
        learned_round_batch_size=1,
    )
    torch.manual_seed(0)
    apply_learned_round(network.module, loader, arguments)


_IMPROVE: dict[str, Improve] = {"gptq": _gptq, "bias": _bias, "learned-round": _learned_round}
METHODS = ("equalize", *_IMPROVE)
