import pytest
import torch
from torch import nn

from dse.models import load_network
from dse.models.seeded import seeded_images, seeded_network


@pytest.fixture(scope="module")
def images():
    return seeded_images(6, (3, 32, 32), seed=3)


def test_images_are_codes_that_reach_from_end_to_end(images):
    assert images.shape == (6, 3, 32, 32)
    assert torch.equal(images, images.round())
    assert images.amin((1, 2, 3)).tolist() == [0.0] * 6
    assert images.amax((1, 2, 3)).tolist() == [255.0] * 6
    assert torch.equal(images, seeded_images(6, (3, 32, 32), seed=3))
    assert not torch.equal(images, seeded_images(6, (3, 32, 32), seed=4))


@torch.no_grad()
def test_statistics_are_those_of_the_images(images):
    state = torch.get_rng_state()
    network = seeded_network(load_network("resnet8"), images / 255, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module.training for module in network.modules())
    found = {}

    def normalized(norm, inputs, output):
        found[norm] = (output - norm.bias[:, None, None]) / norm.weight[:, None, None]

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.register_forward_hook(normalized)
    network(images / 255)
    # one part in 384 is left: the variances BatchNorm keeps are those of a sample
    for norm in norms:
        mean, variance = found[norm].mean((0, 2, 3)), found[norm].var((0, 2, 3))
        torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=0, atol=1e-2)
        torch.testing.assert_close(variance, torch.ones_like(variance), rtol=1e-2, atol=0)


def test_the_seed_decides_the_weights(images):
    network = load_network("ds-cnn")
    inputs = images[:, :1, :, :10].repeat(1, 1, 2, 1)[:, :, :49] / 255
    one, same, other = (seeded_network(network, inputs, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["conv.weight"], other["conv.weight"])
    assert not torch.equal(one["bn.weight"], other["bn.weight"])
