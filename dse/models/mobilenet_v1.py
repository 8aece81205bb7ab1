"""MobileNetV1 of MLPerf Tiny, visual wake words: 213,586 parameters, 7.5 million MACs an image.

Howard et al., "MobileNets", 2017, with a quarter of the channels, as in Banbury et al., "MLPerf
Tiny Benchmark", NeurIPS 2021, and the layers of its reference code. That counts 221,794 parameters
with 2,736 biases in front of BatchNorm, which takes them out again, and BatchNorm's 5,472 running
statistics. Strided convolutions here pad one row and column on every side, the reference's below
and to the right only.
"""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe

# channels a block gives, and its stride
_BLOCKS = (
    (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (128, 1), (128, 1),
    (128, 1), (256, 2), (256, 1),
)  # fmt: skip


def _block(channels_in: int, channels: int, stride: int) -> nn.Module:
    """Return a depthwise convolution and the 1×1 convolution that mixes its channels."""
    return nn.Sequential(
        OrderedDict(
            depthwise=nn.Conv2d(
                channels_in,
                channels_in,
                3,
                stride=stride,
                padding=1,
                groups=channels_in,
                bias=False,
            ),
            bn1=nn.BatchNorm2d(channels_in),
            relu1=nn.ReLU(),
            pointwise=nn.Conv2d(channels_in, channels, 1, bias=False),
            bn2=nn.BatchNorm2d(channels),
            relu2=nn.ReLU(),
        )
    )


def build() -> nn.Module:
    """Return the untrained network, `(n, 3, 96, 96)` to `(n, 2)`."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        bn=nn.BatchNorm2d(8),
        relu=nn.ReLU(),
    )
    channels_in = 8
    for number, (channels, stride) in enumerate(_BLOCKS, start=1):
        layers[f"block{number}"] = _block(channels_in, channels, stride)
        channels_in = channels
    layers["pool"] = nn.AvgPool2d(3)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels_in, 2)
    return nn.Sequential(layers)


NETWORK = Network(
    name="mobilenet-v1",
    build=build,
    default_data="",
    recipe=TrainingRecipe(epochs=50, batch_size=64, peak_lr=3e-3, weight_decay=5e-2),
    input_shape=(3, 96, 96),
)
