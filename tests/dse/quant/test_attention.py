"""Transformers as others write them: what tracing makes of them computes the same."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dse.errors import UnsupportedLayerError
from dse.quant.operations import Operation, operation_of, producer
from dse.quant.trace import trace

WIDTH = 16


class Block(nn.Module):
    """As torchvision's: attention is a module, shapes are asserted."""

    def __init__(self, batch_first=True):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2, dropout=0.1, batch_first=batch_first)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, tokens):
        torch._assert(tokens.dim() == 3, f"three axes, not {tokens.shape}")
        x = self.norm1(tokens)
        x, _ = self.attention(x, x, x, need_weights=False)
        x = x + tokens
        return x + self.mlp(self.norm2(x))


class Functional(nn.Module):
    """As timm's: one layer for queries, keys and values, and the function of attention."""

    def __init__(self, **options):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.gamma = nn.Parameter(torch.full((WIDTH,), 0.3))
        self.options = options

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, tokens, 3, 2, width // 2)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, **self.options)
        return x + self.proj(y.transpose(1, 2).reshape(batch, tokens, width)) * self.gamma


class Transformer(nn.Module):
    """A class token, learned positions, blocks, and a head on the class token."""

    def __init__(self, *blocks):
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, 5, WIDTH))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x):
        n, _, height, width = x.shape
        torch._assert(height == width, "square images")
        x = self.patches(x).reshape(n, WIDTH, (height // 4) * (width // 4)).permute(0, 2, 1)
        x = torch.cat([self.token.expand(n, -1, -1), x], dim=1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


def made(*blocks):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Transformer(*(block() for block in blocks)).eval()


@torch.no_grad()
@pytest.mark.parametrize("host", ["float", "quantized"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_modules_compute_the_same(host, batch_first, images):
    network = made(lambda: Block(batch_first), lambda: Block(batch_first))
    traced = trace(network, host=host)
    torch.testing.assert_close(traced.module(images), network(images), rtol=1e-5, atol=1e-6)
    assert traced.layer_names == (
        "patches",
        *(
            f"blocks.{number}.{layer}"
            for number in range(2)
            for layer in (
                "attention.query", "attention.key", "attention.value", "attention.out_proj",
                "mlp.0", "mlp.3",
            )
        ),
        "head",
    )  # fmt: skip


@torch.no_grad()
def test_functional_attention_computes_the_same(images):
    network = made(Functional, lambda: Functional(scale=0.1))
    traced = trace(network)
    torch.testing.assert_close(traced.module(images), network(images), rtol=1e-5, atol=1e-6)
    # queries, keys, values and shares have scales of their own; the stream between blocks has none
    assert [tensor.layer for tensor in traced.tensors] == [
        "patches", *["blocks.0.qkv"], *["blocks.0.proj"] * 5,
        *["blocks.1.qkv"], *["blocks.1.proj"] * 5, "head",
    ]  # fmt: skip
    assert all(tensor.group == tensor.name for tensor in traced.tensors)
    assert [t.name for t in traced.tensors if t.name.startswith("soft")] == ["softmax", "softmax_1"]


def test_host_functions_read_codes_where_asked():
    network = trace(made(Block), host="quantized")
    groups = {tensor.name: tensor.group for tensor in network.tensors}
    for node in network.module.graph.nodes:
        operation = operation_of(node, network.module)
        read = [producer(operand, network.module).name for operand in node.all_input_nodes]
        if operation is Operation.ADD:
            assert len({groups[name] for name in read}) == 1
        elif operation is Operation.HOST and read:
            assert set(read) <= set(groups)
    assert {tensor.name for tensor in trace(made(Block)).tensors} < set(groups)


class Multiplying(nn.Module):
    """Uses a parameter as the weights of a product."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.mixing = nn.Parameter(torch.eye(4))

    def forward(self, x):
        return self.fc(x) @ self.mixing


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2)

    def forward(self, x):
        return self.attention(x, x, x, attn_mask=torch.ones(3, 3, dtype=torch.bool))[0]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (made(lambda: Functional(is_causal=True)), "attention '.*' uses is_causal"),
        (nn.Sequential(nn.MultiheadAttention(4, 2, kdim=3)), r"layer '0' \(MultiheadAttention\)"),
        (nn.MultiheadAttention(4, 2), "one MultiheadAttention"),
        (Masked(), r"'attention' \(MultiheadAttention\) has a mask"),
        (nn.Sequential(nn.TransformerEncoderLayer(4, 2)), r"'0' \(TransformerEncoderLayer\)"),
        (Multiplying(), "parameter 'parameter_mixing' outside a layer, in 'matmul'"),
    ],
    ids=["causal", "other width", "bare", "mask", "encoder layer", "parameter"],
)
def test_other_attention_is_refused_by_name(network, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        trace(network)
