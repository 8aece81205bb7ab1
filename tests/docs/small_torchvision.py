"""``torchvision.models`` for images of 32 by 32 pixels and four classes, as far as pages use it.

Layers that pages name have torchvision's names.
"""

from collections import OrderedDict

import torch
from torch import nn


class ResNet(nn.Module):
    """A stem with its pool, and one block around which its input goes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(4, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map `(n, 3, 32, 32)` to `(n, 4)`."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        x = self.relu(self.bn2(self.conv2(x)) + x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def resnet18() -> nn.Module:
    """Return a network that begins as ResNet-18 does."""
    return ResNet()


def mobilenet_v2() -> nn.Module:
    """Return a network that begins as MobileNetV2 does."""
    first = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8, bias=False), nn.BatchNorm2d(4), nn.ReLU6())
    return nn.Sequential(
        OrderedDict(
            features=nn.Sequential(first), flatten=nn.Flatten(), classifier=nn.Linear(64, 4)
        )
    )


class VisionTransformer(nn.Module):
    """Attention between four patches."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 8, 16, stride=16)
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map `(n, 3, 32, 32)` to `(n, 4)`."""
        patches = self.conv_proj(images).flatten(2).transpose(1, 2)
        normal = self.norm(patches)
        attended = self.attention(normal, normal, normal, need_weights=False)[0]
        return self.head((patches + attended).flatten(1))


def vit_b_32() -> nn.Module:
    """Return a network that begins as ViT-B/32 does."""
    return VisionTransformer()


def get_model(name: str, *, weights: str) -> nn.Module:
    """Return a network by name, each time with the same weights."""
    assert weights == "IMAGENET1K_V1"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return {"resnet18": resnet18, "mobilenet_v2": mobilenet_v2, "vit_b_32": vit_b_32}[name]()
