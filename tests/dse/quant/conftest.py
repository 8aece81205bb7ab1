"""A small trained-looking network with everything the quantizer meets: conv, BatchNorm, pools."""

import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from dse.formats import parse_format
from dse.models import load_network
from dse.models.seeded import seeded_images, seeded_network
from dse.point import Scheme
from dse.quant.pipeline import CalibratedNetwork
from dse.quant.trace import trace

sys.path.insert(0, str(Path(__file__).parent))  # makes `agreement` importable

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


@dataclass(frozen=True)
class Seeded:
    """A calibrated network of MLPerf Tiny with seeded weights, and its images."""

    calibrated: CalibratedNetwork
    images: torch.Tensor

    def scheme(self, name: str, *, unsigned: bool) -> Scheme:
        """Return the scheme of one format for weights and activations."""
        network, number_format = self.calibrated.network, parse_format(name)
        never_negative = [layer.name for layer in network.layers if unsigned and layer.nonnegative]
        return Scheme.uniform(
            network.layer_names,
            number_format,
            number_format,
            parse_format("uint8"),
            never_negative=frozenset(never_negative),
        )


@pytest.fixture(scope="session")
def seeded() -> Callable[[str], Seeded]:
    """Return a function that makes a network ready for quantization by its name, once."""
    made: dict[str, Seeded] = {}

    def get(name: str) -> Seeded:
        if name not in made:
            network = load_network(name)
            images = seeded_images(5, network.input_shape, seed=0) / 255
            traced = trace(seeded_network(network, images, seed=0))
            made[name] = Seeded(CalibratedNetwork.from_images(traced, [images], 1 / 255), images)
        return made[name]

    return get
