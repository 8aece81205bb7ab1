"""Our post-training methods where they do exactly what Brevitas' do, which usually is less.

What is left of a difference between the two accuracies then comes from other roundings of floats
and from other random numbers, not from another definition of the method.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from dse.quant.layers import LayerNumbers, brevitas_layer, read_layer
from dse.quant.layerwise import LayerTask, Run, executables, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.ptq.bias import correct_layer
from dse.quant.ptq.equalize import balance
from dse.quant.ptq.learned_round import neighbours
from dse.quant.reconstruction import Reconstruction
from dse.quant.regions import regions_of

STEPS, RATE = 1000, 1e-3
"""The script's defaults for learned rounding; each step sees one image."""

_PRESSURE = 0.01  # on all weights of a layer, whatever its errors are
_WARM_UP = 0.2
_SHARPNESS = (20.0, 2.0)
_STRETCH_LOW, _STRETCH = -0.1, 1.2


def equalized(calibrated: CalibratedNetwork, plain: QuantizedNetwork) -> QuantizedNetwork:
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


def bias_corrected(calibrated: CalibratedNetwork, plain: QuantizedNetwork) -> QuantizedNetwork:
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


def learned_rounded(calibrated: CalibratedNetwork, plain: QuantizedNetwork) -> QuantizedNetwork:
    """Learn the rounding for our error of a layer, but by Brevitas' descent.

    Each of its steps sees one image drawn at random, and the last step's rounding is taken. Ours
    sees all images at once through their second moments, and takes the best rounding it has seen.
    """
    generator = torch.Generator().manual_seed(0)

    def rewrite(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
        return _descended(task, numbers, generator)

    return rewrite_layers(plain, calibrated, rewrite)


def _descended(task: LayerTask, numbers: LayerNumbers, generator: torch.Generator) -> LayerNumbers:
    scale = numbers.scale_of_channel()[:, None]
    below, above = (torch.from_numpy(codes * scale) for codes in neighbours(numbers))
    step = above - below
    share = (torch.from_numpy(numbers.weight) - below) / torch.where(step > 0, step, 1.0)
    logits = torch.logit((share.clamp(0.0, 1.0) - _STRETCH_LOW) / _STRETCH)
    descent = torch.optim.Adam([logits], lr=RATE)
    inputs, float_inputs = torch.cat(task.inputs), torch.cat(task.float_inputs)
    for number in range(1, STEPS + 1):
        drawn = torch.randint(len(inputs), (1,), generator=generator)
        seen = replace(task, inputs=(inputs[drawn],), float_inputs=(float_inputs[drawn],))
        sigmoid = torch.sigmoid(logits)
        stretched = _STRETCH_LOW + _STRETCH * sigmoid
        up = stretched.clamp(0.0, 1.0)
        _, slope = Reconstruction.of(seen).errors_and_gradient(below + step * up)
        gradient = slope * step
        if (progress := number / STEPS) >= _WARM_UP:
            start, end = _SHARPNESS
            beta = end + (start - end) * (1 - progress) / (1 - _WARM_UP)
            away = 2 * up - 1
            gradient -= _PRESSURE * 2 * beta * away.abs() ** (beta - 1) * away.sign()
        inside = (stretched > 0) & (stretched < 1)
        logits.grad = torch.where(inside, gradient * _STRETCH * sigmoid * (1 - sigmoid), 0.0)
        descent.step()
    rounded = torch.where(_STRETCH_LOW + _STRETCH * torch.sigmoid(logits) > 0.5, above, below)
    return replace(numbers, weight=rounded.numpy())


LIKENED: Mapping[str, Callable[[CalibratedNetwork, QuantizedNetwork], QuantizedNetwork]] = {
    "equalize": equalized,
    "bias": bias_corrected,
    "learned-round": learned_rounded,
}
"""By the name of the method; one that is not here does what Brevitas' does as it is."""
