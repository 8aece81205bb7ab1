"""Networks that need no training data: seeded weights, BatchNorm statistics taken on the inputs."""

import torch
from torch import nn

from dse.models.base import Network

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def seeded_images(count: int, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Return uint8 codes of coarse coloured patches with noise, `(count, *shape)`, as float32.

    Every image reaches from 0 to 255. The patches make means over an image differ, which mere noise
    would not.

    Args:
        count: Images.
        shape: `(c, h, w)`.
        seed: Of the images.
    """
    generator = torch.Generator().manual_seed(seed)
    patches = torch.rand(count, shape[0], 4, 4, generator=generator)
    images = nn.functional.interpolate(patches, shape[1:], mode="bilinear")
    images += 0.3 * torch.rand(images.shape, generator=generator)
    low, high = (
        extreme(images, dim=(1, 2, 3), keepdim=True) for extreme in (torch.amin, torch.amax)
    )
    return torch.round(255 * (images - low) / (high - low))


@torch.no_grad()
def seeded_network(network: Network, images: torch.Tensor, seed: int) -> nn.Module:
    """Return the module of `network` with random weights that keep every layer's outputs in range.

    BatchNorm's scale and offset are drawn too, so that channels differ as trained ones do.

    Args:
        network: What to build.
        images: Real-valued inputs `(n, c, h, w)` that BatchNorm's statistics are taken on.
        seed: Of the weights.
    """
    module = network.initial(seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for norm in module.modules():
        if isinstance(norm, _BATCH_NORMS):
            norm.weight.normal_(1.0, 0.3, generator=generator)
            norm.bias.normal_(0.0, 0.5, generator=generator)
            norm.momentum = None  # the plain mean over batches
            norm.train()
    module(images)
    return module.eval()
