"""Post-training methods against Brevitas' own, on one network, with one set of quantizers.

Brevitas' functions are those of its example script, `brevitas_examples`, and its graph tools; they
get the Brevitas network that ours get, and the same images.
"""

import copy
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import torch

from dse.formats import parse_format
from dse.point import Quantization, Scheme
from dse.quant.evaluator import Evaluator
from dse.quant.layers import weight_of
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.quantizer import Quantizer
from dse.quant.source import EvaluatorSource
from dse.recipe import Recipe

NETWORK, DATA = "fmnist-cnn", "fashion-mnist"
FORMATS = ("int4", "int8")
CLOSE_POINTS = 0.3

Loader = list[tuple[torch.Tensor, torch.Tensor]]
Improve = Callable[[QuantizedNetwork, Loader], None]


def run() -> dict[str, object]:
    """Aim: accuracies within 0.3 points of Brevitas' and no method slower."""
    if missing := [name for name in ("accelerate", "tqdm") if find_spec(name) is None]:
        return {"skipped": f"needs {' and '.join(missing)}: pip install '.[bench]'"}
    source = EvaluatorSource(network=NETWORK, checkpoint=None, data=DATA, calibration=1000, seed=0)
    evaluator = source()
    rows = [row for name in FORMATS for row in _compared(evaluator, name)]
    differences = [abs(row["ours_test_top1_pct"] - row["brevitas_test_top1_pct"]) for row in rows]
    return {
        "network": NETWORK,
        "float_test_top1_pct": evaluator.float_accuracy.test_top1_pct,
        "n_test": evaluator.float_accuracy.n_test,
        "methods": rows,
        "largest_difference_points": max(differences),
        "all_within_0.3_points": max(differences) <= CLOSE_POINTS,
    }


def _compared(evaluator: Evaluator, name: str) -> Iterator[dict[str, Any]]:
    """Yield accuracies and times of each method for weights and activations of one format."""
    formats = parse_format(name), parse_format(name), evaluator.input_format
    scheme = Scheme.uniform(evaluator.layers, *formats)
    calibrated = evaluator.calibrated
    plain = prepare(calibrated, scheme)
    before = evaluator.measure(plain).test_top1_pct
    for method in ("equalize", *_IMPROVE):
        started = time.process_time()
        wanted = Quantization(scheme=scheme, recipe=Recipe((method,)))
        ours = Quantizer(calibrated=calibrated, seed=0).quantized(wanted)
        our_s = time.process_time() - started
        started = time.process_time()
        theirs = _by_brevitas(calibrated, plain, scheme, method)
        their_s = time.process_time() - started
        yield {
            "method": method,
            "format": name,
            "none_test_top1_pct": before,
            "ours_test_top1_pct": evaluator.measure(ours).test_top1_pct,
            "brevitas_test_top1_pct": evaluator.measure(theirs).test_top1_pct,
            "ours_s": our_s,
            "brevitas_s": their_s,
            "brevitas_over_ours": their_s / our_s,
        }


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
