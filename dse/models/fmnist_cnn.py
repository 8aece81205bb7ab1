"""Convolutional network for Fashion-MNIST: 107,834 parameters, 3.8 million MACs an image."""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 28, 28)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, 3, padding=1, bias=False),
            bn1=nn.BatchNorm2d(16),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(16, 32, 3, padding=1, bias=False),
            bn2=nn.BatchNorm2d(32),
            relu2=nn.ReLU(),
            conv3=nn.Conv2d(32, 32, 3, padding=1, bias=False),
            bn3=nn.BatchNorm2d(32),
            relu3=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            conv4=nn.Conv2d(32, 64, 3, padding=1, bias=False),
            bn4=nn.BatchNorm2d(64),
            relu4=nn.ReLU(),
            pool3=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(576, 128),
            relu5=nn.ReLU(),
            fc2=nn.Linear(128, 10),
        )
    )


NETWORK = Network(
    name="fmnist-cnn",
    build=build,
    default_data="fashion-mnist",
    recipe=TrainingRecipe(
        epochs=8, batch_size=128, peak_lr=5e-3, weight_decay=5e-2, label_smoothing=0.1
    ),
    input_shape=(1, 28, 28),
)
