"""Small vision transformer for Fashion-MNIST: 105,418 parameters, 5.8 million MACs an image.

Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, at a size that trains in minutes:
49 patches of 4×4 pixels, three blocks that normalise first, and the mean over patches instead of a
class token.
"""

from collections import OrderedDict

import torch
from torch import nn

from dse.models.base import Network, TrainingRecipe

_PATCH = 4
_TOKENS = (28 // _PATCH) ** 2
_WIDTH = 64
_HEADS = 4
_BLOCKS = 3


class _Embedding(nn.Module):
    """Patches as tokens, with learned positions."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, _WIDTH, _PATCH, stride=_PATCH)
        self.positions = nn.Parameter(0.02 * torch.randn(1, _TOKENS, _WIDTH))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map `(n, 1, 28, 28)` to `(n, tokens, width)`."""
        tokens: torch.Tensor = self.patches(images).flatten(2).transpose(1, 2)
        return tokens + self.positions


class _Attention(nn.Module):
    """Self-attention of several heads; its scores and their softmax are in no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.projection = nn.Linear(_WIDTH, _WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, tokens, width)` to the same shape."""
        by_head = self.qkv(x).unflatten(-1, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = by_head[0], by_head[1], by_head[2]
        scores = queries @ keys.transpose(-2, -1) * (_WIDTH // _HEADS) ** -0.5
        attended = scores.softmax(dim=-1) @ values
        return self.projection(attended.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class _Block(nn.Module):
    """Attention and a two-layer perceptron, each behind its norm and beside its shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(_WIDTH)
        self.attention = _Attention()
        self.norm2 = nn.LayerNorm(_WIDTH)
        self.fc1 = nn.Linear(_WIDTH, 2 * _WIDTH)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(2 * _WIDTH, _WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, tokens, width)` to the same shape."""
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(self.gelu(self.fc1(self.norm2(x))))  # type: ignore[no-any-return]


class _Mean(nn.Module):
    """The mean over tokens."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, tokens, width)` to `(n, width)`."""
        return x.mean(dim=1)


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 28, 28)` to `(n, 10)`."""
    return nn.Sequential(
        OrderedDict(
            embedding=_Embedding(),
            **{f"block{number}": _Block() for number in range(1, _BLOCKS + 1)},
            norm=nn.LayerNorm(_WIDTH),
            mean=_Mean(),
            head=nn.Linear(_WIDTH, 10),
        )
    )


NETWORK = Network(
    name="fmnist-vit",
    build=build,
    default_data="fashion-mnist",
    recipe=TrainingRecipe(
        epochs=6, batch_size=128, peak_lr=3e-3, weight_decay=5e-2, label_smoothing=0.1
    ),
    input_shape=(1, 28, 28),
)
