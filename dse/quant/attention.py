"""`nn.MultiheadAttention` as layers and products that tracing can see."""

import torch
from torch import nn
from torch.nn import functional as F

from dse.errors import UnsupportedLayerError


class SelfAttention(nn.Module):
    """Attention of a `nn.MultiheadAttention`, its three input projections layers of their own.

    Args:
        attention: Gives heads, weights and biases.
        name: Of it in its network, for messages.

    Raises:
        UnsupportedLayerError: It projects keys or values of another width, or adds to them.
    """

    def __init__(self, attention: nn.MultiheadAttention, name: str) -> None:
        super().__init__()
        if (
            attention.in_proj_weight is None
            or attention.bias_k is not None
            or attention.add_zero_attn
        ):
            raise UnsupportedLayerError(
                f"layer '{name}' (MultiheadAttention) has keys or values of another width, bias_kv "
                "or add_zero_attn; bitfront handles plain attention"
            )
        self.name = name
        self.heads, self.head_width = attention.num_heads, attention.head_dim
        self.batch_first = attention.batch_first
        weights = attention.in_proj_weight.detach().chunk(3)
        biases = (
            [None] * 3
            if attention.in_proj_bias is None
            else attention.in_proj_bias.detach().chunk(3)
        )
        self.query, self.key, self.value = (
            _linear(weight, bias) for weight, bias in zip(weights, biases, strict=True)
        )
        projection = attention.out_proj
        self.out_proj = _linear(projection.weight.detach(), projection.bias)

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[torch.Tensor, None]:
        """Return what the attention gives, and no weights.

        Raises:
            UnsupportedLayerError: There is a mask.
        """
        if key_padding_mask is not None or attn_mask is not None or is_causal:
            raise UnsupportedLayerError(
                f"layer '{self.name}' (MultiheadAttention) has a mask; bitfront handles attention "
                "of all tokens to all tokens"
            )
        queries, keys, values = (
            self._by_head(layer(x))
            for layer, x in ((self.query, query), (self.key, key), (self.value, value))
        )
        attended = F.scaled_dot_product_attention(queries, keys, values)
        joined = attended.transpose(1, 2).flatten(2)
        return self.out_proj(joined if self.batch_first else joined.transpose(0, 1)), None

    def _by_head(self, x: torch.Tensor) -> torch.Tensor:
        """Return `(n, heads, tokens, width of a head)`."""
        x = x if self.batch_first else x.transpose(0, 1)
        return torch.unflatten(x, -1, (self.heads, self.head_width)).transpose(1, 2)


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    with torch.random.fork_rng(devices=[]):  # it draws weights that we replace
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = nn.Parameter(weight.clone())
    if bias is not None:
        layer.bias = nn.Parameter(bias.detach().clone())
    return layer


def spell_out_attention(network: nn.Module) -> nn.Module:
    """Replace every `nn.MultiheadAttention` in `network`, and return it.

    Raises:
        UnsupportedLayerError: Names one that is not plain attention.
    """
    found = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.MultiheadAttention)
    ]
    for name, module in found:
        if not name:
            raise UnsupportedLayerError("the network is one MultiheadAttention; put it in a module")
        network.set_submodule(name, SelfAttention(module, name))
    return network
