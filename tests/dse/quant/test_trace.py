import pytest
import torch
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.quant.trace import trace


def test_batch_norm_is_merged_and_outputs_stay(network, images):
    traced = trace(network)
    assert not any(isinstance(m, nn.BatchNorm2d | nn.BatchNorm1d) for m in traced.module.modules())
    torch.testing.assert_close(traced.module(images), network(images), rtol=1e-4, atol=1e-5)


def test_layers_see_their_tensors_through_pooling_and_reshaping(network):
    layers = {layer.name: layer for layer in trace(network).layers}
    assert list(layers) == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    assert [layer.tensor for layer in layers.values()] == [
        "input_1", "relu1", "relu2", "conv3", "relu4",
    ]  # fmt: skip
    assert [layer.nonnegative for layer in layers.values()] == [False, True, True, False, True]


def test_the_users_network_is_not_changed(network):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trace(network)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


class ValueDependent(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x, y):
        return self.fc(x) + y


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(self.fc(x))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (ValueDependent(), "cannot be traced"),
        (TwoInputs(), "2 inputs"),
        (Twice(), "'fc' is used twice"),
        (nn.Sequential(nn.ReLU()), "no Conv2d or Linear"),
        (nn.Sequential(nn.ConvTranspose2d(1, 1, 2)), r"'0' \(ConvTranspose2d\)"),
        (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(1), nn.Linear(2, 2)), "BatchNorm '1'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_quantized_is_named(network, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        trace(network)
