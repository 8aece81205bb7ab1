"""DS-CNN of MLPerf Tiny, keyword spotting: 23,180 parameters, 2.7 million MACs an utterance.

Zhang et al., "Hello Edge", 2017, in the size of Banbury et al., "MLPerf Tiny Benchmark", NeurIPS
2021, with the layers of its reference code: 49 frames of 10 cepstral coefficients, 12 classes. The
24,908 parameters stated for that also count 576 biases in front of BatchNorm, which takes them out
again, and BatchNorm's 1,152 running statistics. The first convolution pads five frames at both
ends, the reference's four before and five behind.
"""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe

_CHANNELS = 64


def _block() -> nn.Module:
    """Return a depthwise convolution and the 1×1 convolution that mixes its channels."""
    return nn.Sequential(
        OrderedDict(
            depthwise=nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1, groups=_CHANNELS, bias=False),
            bn1=nn.BatchNorm2d(_CHANNELS),
            relu1=nn.ReLU(),
            pointwise=nn.Conv2d(_CHANNELS, _CHANNELS, 1, bias=False),
            bn2=nn.BatchNorm2d(_CHANNELS),
            relu2=nn.ReLU(),
        )
    )


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 49, 10)` to `(n, 12)`."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(1, _CHANNELS, (10, 4), stride=2, padding=(5, 1), bias=False),
            bn=nn.BatchNorm2d(_CHANNELS),
            relu=nn.ReLU(),
            dropout=nn.Dropout(0.2),
            **{f"block{number}": _block() for number in range(1, 5)},
            dropout_out=nn.Dropout(0.4),
            pool=nn.AvgPool2d((25, 5)),
            flatten=nn.Flatten(),
            fc=nn.Linear(_CHANNELS, 12),
        )
    )


NETWORK = Network(
    name="ds-cnn",
    build=build,
    default_data="",
    recipe=TrainingRecipe(epochs=36, batch_size=100, peak_lr=5e-3),
    input_shape=(1, 49, 10),
)
