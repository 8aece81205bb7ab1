"""Multilayer perceptron 64-64-32-10 for digits: 6,570 parameters."""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 8, 8)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(64, 64),
            relu1=nn.ReLU(),
            fc2=nn.Linear(64, 32),
            relu2=nn.ReLU(),
            fc3=nn.Linear(32, 10),
        )
    )


NETWORK = Network(
    name="digits-mlp",
    build=build,
    default_data="digits",
    recipe=TrainingRecipe(
        epochs=30, batch_size=32, peak_lr=1e-2, weight_decay=0.1, label_smoothing=0.1
    ),
    input_shape=(1, 8, 8),
)
