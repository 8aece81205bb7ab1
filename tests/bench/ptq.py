"""Post-training methods against Brevitas' own, on one network, with one set of quantizers.

Brevitas' functions are those of its example script, `brevitas_examples`, and its graph tools; they
get the Brevitas network that ours get, and the same images.
"""

import copy
import time
import warnings
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace

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
    evaluator = EvaluatorSource(
        network=NETWORK, checkpoint=None, data=DATA, calibration=1000, seed=0
    )()
    before = evaluator.float_accuracy
    rows = [
        _compared(evaluator, name, method) for name in FORMATS for method in ("equalize", *_IMPROVE)
    ]
    return {
        "network": NETWORK,
        "float_test_top1_pct": before.test_top1_pct,
        "n_test": before.n_test,
        "methods": rows,
        "largest_difference_points": max(abs(row["difference_points"]) for row in rows),
        "all_close": all(abs(row["difference_points"]) <= CLOSE_POINTS for row in rows),
    }


def _compared(evaluator: Evaluator, name: str, method: str) -> dict[str, object]:
    number_format = parse_format(name)
    scheme = Scheme.uniform(evaluator.layers, number_format, number_format, evaluator.input_format)
    calibrated = evaluator.calibrated
    plain = prepare(calibrated, scheme)
    started = time.process_time()
    wanted = Quantization(scheme=scheme, recipe=Recipe((method,)))
    ours = Quantizer(calibrated=calibrated, seed=0).quantized(wanted)
    our_s = time.process_time() - started
    started = time.process_time()
    theirs = _by_brevitas(calibrated, plain, scheme, method)
    their_s = time.process_time() - started
    results = {"none": plain, "ours": ours, "brevitas": theirs}
    top1 = {key: evaluator.measure(network).test_top1_pct for key, network in results.items()}
    return {
        "method": method,
        "format": name,
        **{f"{key}_test_top1_pct": value for key, value in top1.items()},
        "difference_points": round(top1["ours"] - top1["brevitas"], 4),
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
