"""Rewrites a quantized network layer by layer, next to the float network it approximates.

One walk along the graph with all calibration images: where a layer is reached, its inputs are
known as the float network has them and as the quantized network has them, all earlier layers
being final. So a method that works layer by layer takes one forward pass, whatever the depth.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.quant.kernels import FloatArray, Rounding, fake_quantize, rounding_of
from dse.quant.layers import (
    FloatLayer,
    LayerNumbers,
    bias_of,
    brevitas_layer,
    read_layer,
    weight_of,
)
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork

Floats = npt.NDArray[np.float64]

_PATCHES = 32_768
_PATCHES_A_WEIGHT = 64
"""Second moments are taken over at least this many patches, every k-th where there are more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerTask:
    """What a layer should compute, and what it is given to compute it from.

    A layer multiplies patches: its inputs `(batch, features)`, or for a convolution what lies
    under the kernel at each position. With g groups, n weights an output channel and p patches
    these are `(g, n, p)`.

    Attributes:
        name: Of the layer.
        layer: The float layer.
        float_inputs: Its inputs in the float network, in batches.
        inputs: Its inputs in the quantized network, quantized.
    """

    name: str
    layer: FloatLayer
    float_inputs: tuple[torch.Tensor, ...]
    inputs: tuple[torch.Tensor, ...]

    @property
    def groups(self) -> int:
        """Groups of channels that share no input."""
        return self.layer.groups if isinstance(self.layer, nn.Conv2d) else 1

    @property
    def weight(self) -> FloatArray:
        """Weights of the float layer, `(out, n)`."""
        return weight_of(self.layer)

    @property
    def bias(self) -> FloatArray:
        """Bias of the float layer, `(out,)`."""
        return bias_of(self.layer)

    def gram(self) -> Floats:
        """Return the mean over patches of x̂ x̂ᵀ, x̂ quantized, `(g, n, n)`."""
        return self._mean_products(self.inputs, self.inputs)

    def cross_gram(self) -> Floats:
        """Return the mean over patches of x̂ xᵀ, x̂ quantized and x not, `(g, n, n)`."""
        return self._mean_products(self.inputs, self.float_inputs)

    def moments_of_sums(
        self, weight: FloatArray, inputs: tuple[torch.Tensor, ...]
    ) -> tuple[Floats, Floats]:
        """Return mean and variance over patches of what `weight` `(out, n)` gives, `(out,)` each.

        Args:
            weight: Weights of any kind.
            inputs: `inputs` or `float_inputs`.
        """
        multiply = Multiply(self.layer, weight, bias=None)
        axis = -1 if isinstance(self.layer, nn.Linear) else 1
        count, total, squares = 0, torch.zeros(()), torch.zeros(())
        for x in inputs:
            by_channel = multiply(x).movedim(axis, 0).reshape(len(weight), -1).double()
            count += by_channel.shape[1]
            total = total + by_channel.sum(dim=1)
            squares = squares + by_channel.square().sum(dim=1)
        mean = total / count
        return mean.numpy(), (squares / count - mean.square()).clamp(min=0.0).numpy()

    def _mean_products(
        self, left: tuple[torch.Tensor, ...], right: tuple[torch.Tensor, ...]
    ) -> Floats:
        total, count = torch.zeros((), dtype=torch.float64), 0
        for x, y in zip(left, right, strict=True):
            a = patches(self.layer, x)
            b = a if x is y else patches(self.layer, y)
            _, n, p = a.shape
            stride = max(1, len(left) * p // max(_PATCHES, _PATCHES_A_WEIGHT * n))
            a, b = a[:, :, ::stride], b[:, :, ::stride]
            total = total + torch.bmm(a, b.transpose(1, 2)).double()
            count += a.shape[2]
        return (total / count).numpy()


Rewrite = Callable[[LayerTask, LayerNumbers], LayerNumbers]
"""Returns better numbers for a layer."""


@torch.no_grad()
def rewrite_layers(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, rewrite: Rewrite
) -> QuantizedNetwork:
    """Return the network with each layer's numbers rewritten, in the order of execution."""
    formats = {wanted.layer: wanted.weight.narrow() for wanted in network.scheme.layers}
    floats = dict(calibrated.network.module.named_modules())
    in_float, in_quantized = executables(network, calibrated)
    runs = [
        (Run(network.module, in_float, batch), Run(network.module, in_quantized, batch))
        for batch in calibrated.images
    ]
    changed: dict[str, nn.Module] = {}
    for node in network.module.graph.nodes:
        name = str(node.target)
        if node.op == "call_module" and name in formats:
            layer = floats[name]
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            source = node.all_input_nodes[0]
            task = LayerTask(
                name=name,
                layer=layer,
                float_inputs=tuple(run.env[source] for run, _ in runs),
                inputs=tuple(run.env[source] for _, run in runs),
            )
            before = read_layer(network.module.get_submodule(name), formats[name])
            numbers = rewrite(task, before)
            changed[name] = brevitas_layer(layer, name, numbers)
            in_quantized[name] = Multiply(layer, numbers.quantized(), numbers.bias)
        for pair in runs:
            for run in pair:
                run.step(node)
    return network.with_modules(changed)


def executables(
    network: QuantizedNetwork, calibrated: CalibratedNetwork
) -> tuple[dict[str, nn.Module], dict[str, nn.Module]]:
    """Return modules for a `Run` along a quantized network's graph, by their names.

    Returns:
        Those that compute what the float network does; and those that compute what the quantized
        network does, without Brevitas' cost.
    """
    floats = dict(calibrated.network.module.named_modules())
    in_float = dict(network.module.named_modules())
    in_quantized = dict(in_float)
    for name, number_format in network.formats.items():
        scale = float(in_quantized[name].act_quant.scale())
        in_quantized[name] = FakeQuantize(scale, rounding_of(number_format))
        in_float[name] = nn.Identity()
    for wanted in network.scheme.layers:
        layer = floats[wanted.layer]
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        numbers = read_layer(in_quantized[wanted.layer], wanted.weight.narrow())
        in_quantized[wanted.layer] = Multiply(layer, numbers.quantized(), numbers.bias)
        in_float[wanted.layer] = layer
    return in_float, in_quantized


def patches(layer: FloatLayer, x: torch.Tensor) -> torch.Tensor:
    """Return what the weights of a layer multiply in a batch, `(g, n, p)`; see `LayerTask`."""
    if isinstance(layer, nn.Linear):
        return x.reshape(1, -1, layer.in_features).transpose(1, 2)
    if layer.padding == "same":
        reach = [d * (k - 1) for k, d in zip(layer.kernel_size, layer.dilation, strict=True)]
        (down, right), pad = reach, (0, 0)
        x = F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
    else:
        pad = (0, 0) if layer.padding == "valid" else layer.padding  # type: ignore[assignment]
    columns = F.unfold(x, layer.kernel_size, layer.dilation, pad, layer.stride)
    images, _, positions = columns.shape
    by_group = columns.reshape(images, layer.groups, -1, positions)
    return by_group.permute(1, 2, 0, 3).reshape(layer.groups, -1, images * positions)


class FakeQuantize(nn.Module):
    """A quantizer by our kernel, equal to Brevitas'."""

    def __init__(self, scale: float, rounding: Rounding) -> None:
        super().__init__()
        self.scale = scale
        self.rounding = rounding

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the quantized values."""
        x = x.contiguous()
        out = torch.empty_like(x)
        fake_quantize(x.numpy(), self.scale, self.rounding, out.numpy())
        return out


class Multiply(nn.Module):
    """A layer of the geometry of another.

    Args:
        layer: Gives the geometry.
        weight: Weights, `(out, n)`.
        bias: Bias `(out,)`; `None` for none.
    """

    def __init__(self, layer: FloatLayer, weight: FloatArray, bias: FloatArray | None) -> None:
        super().__init__()
        self.layer = layer
        self.weight = torch.from_numpy(weight).reshape(layer.weight.shape)
        self.bias = None if bias is None else torch.from_numpy(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sums."""
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, self.weight, self.bias)
        layer = self.layer
        return F.conv2d(
            x,
            self.weight,
            self.bias,
            layer.stride,
            layer.padding,
            layer.dilation,
            layer.groups,
        )


class Run(fx.Interpreter):
    """A batch on its way through a graph, a node at a time.

    Args:
        graph_module: Gives the graph.
        modules: What its nodes call, instead of their own; may change between steps.
        batch: Input images.
    """

    def __init__(
        self, graph_module: fx.GraphModule, modules: Mapping[str, nn.Module], batch: torch.Tensor
    ) -> None:
        super().__init__(graph_module)
        self._modules = modules
        self._batch = batch

    def step(self, node: fx.Node) -> None:
        """Compute `node` and forget what nothing reads any more."""
        self.env[node] = self._batch if node.op == "placeholder" else self.run_node(node)
        for read in self.user_to_last_uses.get(node, []):
            del self.env[read]

    def branch(self, modules: Mapping[str, nn.Module]) -> "Run":
        """Return a run that goes on from here with other modules."""
        other = copy.copy(self)
        other.env = dict(self.env)
        other._modules = modules
        return other

    def finish(self) -> torch.Tensor:
        """Compute all nodes that are left and return the graph's output."""
        done = set(self.env)
        nodes = list(self.graph.nodes)
        last = max(index for index, node in enumerate(nodes) if node in done)
        for node in nodes[last + 1 :]:
            self.step(node)
        output: torch.Tensor = self.env[nodes[-1]]
        return output

    def call_module(
        self, target: fx.node.Target, args: tuple[fx.node.Argument, ...], kwargs: dict[str, object]
    ) -> object:
        """Call the module that stands for `target`."""
        return self._modules[str(target)](*args, **kwargs)
