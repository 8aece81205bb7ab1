"""ResNet-8 of MLPerf Tiny, image classification: 77,946 parameters, 12.5 million MACs an image.

Banbury et al., "MLPerf Tiny Benchmark", NeurIPS 2021, with the layers of its reference code. The
78,666 parameters stated for that also count 240 biases in front of BatchNorm, which takes them out
again, and BatchNorm's 480 running statistics. Strided convolutions here pad one row and column on
every side, the reference's below and to the right only.
"""

from collections import OrderedDict

import torch
from torch import nn

from dse.models.base import Network, TrainingRecipe


class _Stack(nn.Module):
    """Two convolutions beside a shortcut, which is a 1×1 convolution where shapes change."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = (
            nn.Identity() if stride == 1 else nn.Conv2d(channels_in, channels, 1, stride=stride)
        )
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, channels_in, h, w)` to `(n, channels, h / stride, w / stride)`."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu2(self.shortcut(x) + y)  # type: ignore[no-any-return]


def build() -> nn.Module:
    """Return the untrained network, `(n, 3, 32, 32)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 16, 3, padding=1, bias=False),
            bn=nn.BatchNorm2d(16),
            relu=nn.ReLU(),
            stack1=_Stack(16, 16, 1),
            stack2=_Stack(16, 32, 2),
            stack3=_Stack(32, 64, 2),
            pool=nn.AvgPool2d(8),
            flatten=nn.Flatten(),
            fc=nn.Linear(64, 10),
        )
    )


NETWORK = Network(
    name="resnet8",
    build=build,
    default_data="cifar10",
    recipe=TrainingRecipe(
        epochs=40, batch_size=128, peak_lr=1e-2, weight_decay=5e-2, label_smoothing=0.1
    ),
    input_shape=(3, 32, 32),
)
