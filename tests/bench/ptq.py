"""Post-training methods against Brevitas' own, on one network, with one set of quantizers.

Brevitas' functions are those of its example script, `brevitas_examples`, and its graph tools; they
get the Brevitas network that ours get, and the same images. On fmnist-cnn accuracies and times are
compared; on EfficientNet-Lite0, for whose images there is no data set here, times and how far
logits of drawn images are from the float network's.
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
from dse.quant.layers import brevitas_layer, read_layer, weight_of
from dse.quant.layerwise import LayerTask, Run, executables
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.ptq.bias import correct_layer
from dse.quant.ptq.equalize import balance
from dse.quant.quantizer import Quantizer
from dse.quant.regions import regions_of
from dse.quant.source import EvaluatorSource
from dse.quant.trace import trace
from dse.recipe import Recipe

NETWORK, DATA = "fmnist-cnn", "fashion-mnist"
FORMATS = ("int4", "int8")
CLOSE_POINTS = 0.3
LARGE, LARGE_FORMAT, LARGE_IMAGES = "efficientnet-lite0", "int4", 4

Loader = list[tuple[torch.Tensor, torch.Tensor]]
Improve = Callable[[QuantizedNetwork, Loader], None]


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
    differences = [abs(row["ours_test_top1_pct"] - row["brevitas_test_top1_pct"]) for row in rows]
    return {
        "network": NETWORK,
        "float_test_top1_pct": evaluator.float_accuracy.test_top1_pct,
        "n_test": evaluator.float_accuracy.n_test,
        "methods": rows,
        "largest_difference_points": max(differences),
        "all_within_0.3_points": max(differences) <= CLOSE_POINTS,
        LARGE: large or f"skipped: {INSTALL}",
    }


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
    ours, theirs, seconds = _both(evaluator.calibrated, plain, method)
    return {
        "method": method,
        "format": name,
        "none_test_top1_pct": evaluator.measure(plain).test_top1_pct,
        "ours_test_top1_pct": evaluator.measure(ours).test_top1_pct,
        "brevitas_test_top1_pct": evaluator.measure(theirs).test_top1_pct,
        **_likened(evaluator, plain, method),
        **seconds,
    }


def times(calibrated: CalibratedNetwork, method: str) -> dict[str, Any]:
    """Return times of a method, and the relative error of logits on the calibration images."""
    formats = [parse_format(LARGE_FORMAT)] * 2
    pixels = parse_format(load_network(LARGE).pixels.format)
    scheme = Scheme.uniform(calibrated.network.layer_names, *formats, pixels)
    plain = prepare(calibrated, scheme)
    ours, theirs, seconds = _both(calibrated, plain, method)
    (images,) = calibrated.images
    with torch.no_grad():
        wanted = calibrated.network.module(images)
        errors = {
            f"{whose}_relative_error": float(
                (network.module(images) - wanted).square().mean() / wanted.square().mean()
            )
            for whose, network in (("none", plain), ("ours", ours), ("brevitas", theirs))
        }
    return {"method": method, "format": LARGE_FORMAT, "images": len(images), **errors, **seconds}


def _likened(evaluator: Evaluator, plain: QuantizedNetwork, method: str) -> dict[str, float]:
    """Return the accuracy of our method where it does what Brevitas' does, if that is less."""
    likened = {"bias": _likened_bias, "equalize": _likened_equalization}.get(method)
    if likened is None:
        return {}
    found = evaluator.measure(likened(evaluator.calibrated, plain))
    return {"ours_by_brevitas_definition_test_top1_pct": found.test_top1_pct}


def _likened_equalization(
    calibrated: CalibratedNetwork, plain: QuantizedNetwork
) -> QuantizedNetwork:
    """Equalize by our method, but not through a Flatten, at which Brevitas stops."""
    module = copy.deepcopy(calibrated.network.module)

    def is_linear(name: str) -> bool:
        return isinstance(module.get_submodule(name), torch.nn.Linear)

    regions = [
        region
        for region in regions_of(module)
        if len({is_linear(name) for name in (*region.sources, *region.sinks)}) == 1
    ]
    balance(module, regions)
    rewritten = calibrated.rewritten(replace(calibrated.network, module=module))
    return prepare(rewritten, plain.scheme)


def _likened_bias(calibrated: CalibratedNetwork, plain: QuantizedNetwork) -> QuantizedNetwork:
    """Correct biases by our method, but for what Brevitas corrects.

    Brevitas compares a layer's float and quantized weights on the same inputs, those that float
    weights and quantized activations give. Ours compares with the float network, so that it also
    makes up for the activations' error and for that of earlier layers.
    """
    in_float, in_quantized = executables(plain, calibrated)
    layers = {wanted.layer: wanted.weight.narrow() for wanted in plain.scheme.layers}
    modules = in_quantized | {name: in_float[name] for name in layers}
    changed = {}
    with torch.no_grad():
        runs = [Run(plain.module, modules, batch) for batch in calibrated.images]
        for node in plain.module.graph.nodes:
            name = str(node.target)
            if name in layers:
                inputs = tuple(run.env[node.all_input_nodes[0]] for run in runs)
                layer = in_float[name]
                task = LayerTask(name=name, layer=layer, float_inputs=inputs, inputs=inputs)
                before = read_layer(plain.module.get_submodule(name), layers[name])
                changed[name] = brevitas_layer(layer, name, correct_layer(task, before))
            for run in runs:
                run.step(node)
    return plain.with_modules(changed)


def _both(
    calibrated: CalibratedNetwork, plain: QuantizedNetwork, method: str
) -> tuple[QuantizedNetwork, QuantizedNetwork, dict[str, float]]:
    """Return what our method and Brevitas' make of a network, and their CPU seconds."""
    started = time.process_time()
    wanted = Quantization(scheme=plain.scheme, recipe=Recipe((method,)))
    ours = Quantizer(calibrated=calibrated, seed=0).quantized(wanted)
    our_s = time.process_time() - started
    started = time.process_time()
    theirs = _by_brevitas(calibrated, plain, plain.scheme, method)
    their_s = time.process_time() - started
    seconds = {"ours_s": our_s, "brevitas_s": their_s, "brevitas_over_ours": their_s / our_s}
    return ours, theirs, seconds


def _by_brevitas(
    calibrated: CalibratedNetwork, plain: QuantizedNetwork, scheme: Scheme, method: str
) -> QuantizedNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if method == "equalize":
            return prepare(_equalized(calibrated), scheme)
        network = replace(plain, module=copy.deepcopy(plain.module))
        loader = [(batch, torch.zeros(len(batch))) for batch in calibrated.images]
        _IMPROVE[method](network, loader)
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


def _gptq(network: QuantizedNetwork, loader: Loader) -> None:
    from brevitas_examples.imagenet_classification.ptq.ptq_common import apply_gptq

    with torch.no_grad():
        apply_gptq(loader, network.module, act_order=True, use_quant_activations=True)


def _bias(network: QuantizedNetwork, loader: Loader) -> None:
    from brevitas_examples.imagenet_classification.ptq.ptq_common import apply_bias_correction

    apply_bias_correction(loader, network.module)


def _learned_round(network: QuantizedNetwork, loader: Loader) -> None:
    from brevitas_examples.imagenet_classification.ptq.learned_round_utils import (
        apply_learned_round,
    )

    arguments = Namespace(  # the script's defaults
        learned_round="hard_sigmoid",
        learned_round_mode="layerwise",
        learned_round_loss="regularised_mse",
        learned_round_iters=1000,
        learned_round_lr=1e-3,
        learned_round_lr_scheduler=None,
        learned_round_batch_size=1,
    )
    torch.manual_seed(0)
    apply_learned_round(network.module, loader, arguments)


_IMPROVE: dict[str, Improve] = {"gptq": _gptq, "bias": _bias, "learned-round": _learned_round}
METHODS = ("equalize", *_IMPROVE)
