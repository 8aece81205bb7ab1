"""A small trained-looking network with everything the quantizer meets: conv, BatchNorm, pools."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from dse.quant.pipeline import CalibratedNetwork
from dse.quant.trace import trace

INPUT_SCALE = 1 / 16


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def images() -> torch.Tensor:
    """uint5 codes times 1/16, shape (40, 1, 8, 8)."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 17, (40, 1, 8, 8), generator=generator) * INPUT_SCALE


@pytest.fixture(scope="session")
def network(images) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(1, 6, 3, padding=1, bias=False),
                bn1=nn.BatchNorm2d(6),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),
                conv2=nn.Conv2d(6, 8, 3, padding=1),
                relu2=nn.ReLU6(),
                conv3=nn.Conv2d(8, 8, 3, padding=1, groups=2),
                pool3=nn.MaxPool2d(3, stride=1),
                flatten=nn.Flatten(),
                fc1=nn.Linear(32, 12),
                bn4=nn.BatchNorm1d(12),
                relu4=nn.ReLU(),
                fc2=nn.Linear(12, 10),
            )
        )
        network.train()
        for _ in range(10):  # BatchNorm statistics of these images
            network(images)
        with torch.no_grad():
            network.bn1.weight.uniform_(-1.0, 1.0)  # negative gammas too
            network.bn1.bias.uniform_(-0.5, 0.5)
    return network.eval()


@pytest.fixture(scope="session")
def calibrated(network, images) -> CalibratedNetwork:
    return CalibratedNetwork.from_images(trace(network), [images[:20], images[20:]], INPUT_SCALE)
