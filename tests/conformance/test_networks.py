"""Every network in the registry can be traced, costed and seeded, whoever wrote it."""

import pytest
import torch

from dse.data import DATASETS, DataSpec
from dse.formats import parse_format
from dse.models import NETWORKS
from dse.models.weights import network_digest
from dse.quant.trace import trace
from dse.quant.workload import template


@pytest.fixture(params=list(NETWORKS))
def network(request):
    return NETWORKS[request.param]


def test_its_name_finds_it(network):
    assert NETWORKS[network.name] is network


def test_it_says_what_it_works_on(network):
    assert len(network.input_shape) == 3
    if network.default_data:
        assert DataSpec.parse(network.default_data).name in DATASETS
    assert network.recipe.epochs >= 1


def test_the_seed_decides_its_weights(network):
    before = torch.get_rng_state()
    first, again = (network.initial(3).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert len(network_digest(network)) == 64


def test_it_gives_one_row_an_image(network):
    module = network.initial(0).eval()
    with torch.no_grad():
        assert module(torch.zeros(2, *network.input_shape)).shape[0] == 2


def test_its_layers_are_known_and_have_a_cost(network):
    traced = trace(network.initial(0))
    shapes = template(traced, network.input_shape, parse_format("uint8"))
    assert len(shapes.mvaus) >= 1
    assert shapes.macs > 0
