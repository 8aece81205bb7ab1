"""Every reference network: traceable, made of layers bitfront knows, fit for its data."""

import operator
from itertools import pairwise

import pytest
import torch
from torch import fx, nn

from dse.data import load_dataset
from dse.errors import DesignError, UnknownPluginError
from dse.models import NETWORKS, load_network
from dse.models.train import top1_pct, train

LAYERS = (
    nn.Conv2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.ReLU,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.Flatten,
    nn.Dropout,
    nn.Identity,
    nn.Linear,
    nn.ReLU6,
    nn.ZeroPad2d,
    nn.AdaptiveAvgPool2d,
    nn.LayerNorm,
    nn.GELU,
)
OPERATIONS = {  # beside additions
    "fmnist-vit": {
        operator.getitem, operator.matmul, operator.mul,
        "flatten", "unflatten", "transpose", "permute", "softmax", "mean", "embedding.positions",
    },
}  # fmt: skip
PARAMETERS = {
    "digits-mlp": 6_570,
    "digits-cnn": 6_138,
    "fmnist-cnn": 107_834,
    "fmnist-vit": 105_418,
    "efficientnet-lite0": 4_652_008,
}
# Total parameters of MLPerf Tiny's reference code, as its framework counts them
PUBLISHED = {
    "resnet8": 78_666,
    "ds-cnn": 24_908,
    "mobilenet-v1": 221_794,
    "autoencoder": 269_992,
}
# Weights of FINN's binarized networks, without biases and BatchNorm
WEIGHTS = {"tfc": 59_008, "cnv": 1_542_848}
CLASSES = {"ds-cnn": 12, "mobilenet-v1": 2, "autoencoder": 640, "efficientnet-lite0": 1000}


@pytest.mark.parametrize("name", list(NETWORKS))
def test_is_traceable_and_made_of_known_layers(name):
    network = load_network(name)
    assert network.name == name
    traced = fx.symbolic_trace(network.build())
    called = [node for node in traced.graph.nodes if node.op == "call_module"]
    assert called
    for node in called:
        assert isinstance(traced.get_submodule(node.target), LAYERS)
    others = {node.target for node in traced.graph.nodes if node not in called}
    assert others - {operator.add} == {"input", "output"} | OPERATIONS.get(name, set())


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_convolution_has_a_bias_where_no_batch_norm_follows(name):
    layers = [m for m in load_network(name).build().modules() if isinstance(m, LAYERS)]
    for layer, following in pairwise(layers):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert (layer.bias is None) == isinstance(following, nn.BatchNorm1d | nn.BatchNorm2d)


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_size(name, count):
    assert sum(p.numel() for p in load_network(name).build().parameters()) == count


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_size_is_the_published_one_with_idle_biases_and_statistics(name, count):
    module = load_network(name).build()
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    parameters = sum(p.numel() for p in module.parameters())
    # a bias, a mean and a variance per channel
    assert parameters + 3 * sum(norm.num_features for norm in norms) == count


@pytest.mark.parametrize(("name", "count"), WEIGHTS.items())
def test_number_of_weights_is_the_published_one(name, count):
    layers = [
        m for m in load_network(name).build().modules() if isinstance(m, nn.Conv2d | nn.Linear)
    ]
    assert sum(layer.weight.numel() for layer in layers) == count


@pytest.mark.parametrize("name", list(NETWORKS))
def test_fits_its_shape_and_refuses_others(name, refusal):
    network = load_network(name)
    network.check_fits(network.input_shape, CLASSES.get(name, 10))
    with refusal(DesignError, f"'{name}'", "(3, 8, 8)"):
        network.check_fits((3, 8, 8), 10)
    with refusal(DesignError, f"'{name}'", "7 classes"):
        network.check_fits(network.input_shape, 7)


def test_unknown_name_gives_the_nearest(refusal):
    with refusal(UnknownPluginError, "'digits-cmn'", "did you mean 'digits-cnn'"):
        load_network("digits-cmn")


@pytest.mark.parametrize(("name", "at_least"), [("digits-cnn", 97.5), ("digits-mlp", 96.0)])
def test_learns_digits(name, at_least):
    network, data = load_network(name), load_dataset("digits", 0)
    x, x_val = data.as_float(data.train), data.as_float(data.validation)
    state = train(network, x, data.train.y, x_val, data.validation.y, seed=0)
    module = network.build()
    module.load_state_dict(state)
    test = torch.from_numpy(data.as_float(data.test))
    assert top1_pct(module, test, torch.from_numpy(data.test.y)) >= at_least
