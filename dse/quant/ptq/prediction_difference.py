"""PD-Quant's range search: scales under which the network's predictions change least."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from dse.point import Scale
from dse.quant.layerwise import FakeQuantize, Run, executables
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage

_IMAGES = 256
_RATIOS = {
    "float32": tuple(2.0 ** (k / 8) for k in range(-8, 5)),
    "power_of_two": (0.25, 0.5, 1.0, 2.0),
}
"""Candidate scales, in terms of the one with least squared error."""


@torch.no_grad()
def choose_scales(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with other activation scales, tensor by tensor in order of execution.

    Each candidate is judged by the network's predictions on the first calibration images: with
    everything up to this tensor quantized, and the rest as in the float network, the
    Kullback-Leibler divergence from the float network's softmax is to be least. Tensors that are
    added share a scale and are tried together.
    """
    images = torch.cat(calibrated.images)[:_IMAGES]
    wanted = F.log_softmax(calibrated.network.module(images), dim=1)
    in_float, in_quantized = executables(network, calibrated)
    tensors = {f"{tensor.name}_quant": tensor for tensor in calibrated.network.tensors}
    decided = {calibrated.network.input}
    scales: dict[str, float] = {}
    run = Run(network.module, in_quantized, images)
    for node in network.module.graph.nodes:
        tensor = tensors.get(str(node.target)) if node.op == "call_module" else None
        if tensor is not None and tensor.group not in decided:
            decided.add(tensor.group)
            members = [name for name, each in tensors.items() if each.group == tensor.group]
            quantizers = {name: in_quantized[name] for name in members}
            best = min(
                _candidates(quantizers, network.scheme.scale),
                key=lambda trial: _difference(run, in_float | trial, wanted),
            )
            for modules in (in_quantized, in_float):  # what is decided stays so in later trials
                modules.update(best)
            scales |= {name: quantizer.scale for name, quantizer in best.items()}
        run.step(node)
    return network.with_scales(scales)


def _candidates(quantizers: Mapping[str, nn.Module], kind: Scale) -> list[dict[str, FakeQuantize]]:
    """Return `quantizers` with other scales, those that are there first among equals."""
    ratios = sorted(_RATIOS[kind], key=lambda ratio: ratio != 1.0)
    present = {n: base for n, base in quantizers.items() if isinstance(base, FakeQuantize)}
    assert len(present) == len(quantizers), "every quantizer is executed as one"
    return [
        {n: FakeQuantize(base.scale * ratio, base.rounding) for n, base in present.items()}
        for ratio in ratios
    ]


def _difference(run: Run, modules: dict[str, nn.Module], wanted: torch.Tensor) -> float:
    """Return how far predictions are from `wanted` if `run` goes on with `modules` from here."""
    found = F.log_softmax(run.branch(modules).finish(), dim=1)
    return float(F.kl_div(found, wanted, reduction="batchmean", log_target=True))


METHOD = QuantizedMethod(
    stage=Stage.RANGES,
    source="J. Liu et al., PD-Quant: post-training quantization based on prediction difference "
    "metric, CVPR 2023",
    apply=choose_scales,
)
