"""CNV of FINN: six convolutions and three fully connected layers for CIFAR-10, 1,542,848 weights.

Umuroglu et al., "FINN: A Framework for Fast, Scalable Binarized Neural Network Inference", FPGA
2017, after BinaryNet and VGG-16; here with ReLU in front of quantizers of any format. Convolutions
do not pad, so 32×32 pixels are one behind the last.
"""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe


def _convolutions(inputs: int, channels: int) -> nn.Module:
    """Return two 3×3 convolutions, each with its BatchNorm and activation."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(inputs, channels, 3, bias=False),
            bn1=nn.BatchNorm2d(channels),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(channels, channels, 3, bias=False),
            bn2=nn.BatchNorm2d(channels),
            relu2=nn.ReLU(),
        )
    )


def build() -> nn.Module:
    """Return the untrained network, `(n, 3, 32, 32)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            stage1=_convolutions(3, 64),
            pool1=nn.MaxPool2d(2),
            stage2=_convolutions(64, 128),
            pool2=nn.MaxPool2d(2),
            stage3=_convolutions(128, 256),
            flatten=nn.Flatten(),
            fc1=nn.Linear(256, 512, bias=False),
            bn1=nn.BatchNorm1d(512),
            relu1=nn.ReLU(),
            fc2=nn.Linear(512, 512, bias=False),
            bn2=nn.BatchNorm1d(512),
            relu2=nn.ReLU(),
            fc3=nn.Linear(512, 10),
        )
    )


NETWORK = Network(
    name="cnv",
    build=build,
    default_data="cifar10",
    recipe=TrainingRecipe(epochs=40, batch_size=128, peak_lr=5e-3, weight_decay=5e-2),
    input_shape=(3, 32, 32),
)
