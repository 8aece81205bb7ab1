"""TFC of FINN: three hidden layers of 64 neurons for 28×28 images, 59,008 weights.

Umuroglu et al., "FINN: A Framework for Fast, Scalable Binarized Neural Network Inference", FPGA
2017, where it classifies MNIST; here with ReLU in front of quantizers of any format.
"""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe

_NEURONS = 64


def _layer(inputs: int) -> nn.Module:
    """Return a hidden layer with its BatchNorm and activation."""
    return nn.Sequential(
        OrderedDict(
            fc=nn.Linear(inputs, _NEURONS, bias=False), bn=nn.BatchNorm1d(_NEURONS), relu=nn.ReLU()
        )
    )


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 28, 28)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            layer1=_layer(28 * 28),
            layer2=_layer(_NEURONS),
            layer3=_layer(_NEURONS),
            fc=nn.Linear(_NEURONS, 10),
        )
    )


NETWORK = Network(
    name="tfc",
    build=build,
    default_data="fashion-mnist",
    recipe=TrainingRecipe(epochs=20, batch_size=100, peak_lr=1e-2),
    input_shape=(1, 28, 28),
)
