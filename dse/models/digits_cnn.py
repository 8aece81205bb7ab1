"""Small convolutional network for digits, quick enough to evaluate hundreds of times."""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 8, 8)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, 3, padding=1, bias=False),
            bn1=nn.BatchNorm2d(16),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(16, 32, 3, padding=1, bias=False),
            bn2=nn.BatchNorm2d(32),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc=nn.Linear(128, 10),
        )
    )


NETWORK = Network(
    name="digits-cnn",
    build=build,
    default_data="digits",
    recipe=TrainingRecipe(epochs=25, batch_size=32, peak_lr=1e-2),
    input_shape=(1, 8, 8),
)
