"""Networks that Brevitas' own quantizers and export make, as its users have them."""

import warnings

import brevitas.nn as qnn
import onnx
import pytest
import torch
from against_qonnx import agree
from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerChannelFloat, Int32Bias
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.cleanup import cleanup_model
from torch import nn


class Residual(nn.Module):
    """Biases in 32 bits, BatchNorm, a depthwise layer, a sum requantized to a shared scale."""

    def __init__(self):
        super().__init__()
        self.input = qnn.QuantIdentity(bit_width=8, return_quant_tensor=True)
        self.conv = qnn.QuantConv2d(3, 8, 3, padding=1, weight_bit_width=4, bias_quant=Int32Bias)
        self.bn = nn.BatchNorm2d(8)
        self.relu = qnn.QuantReLU(bit_width=4, return_quant_tensor=True)
        self.depthwise = qnn.QuantConv2d(
            8, 8, 3, padding=1, groups=8, bias=False, weight_quant=Int8WeightPerChannelFloat
        )
        self.hidden = qnn.QuantIdentity(bit_width=4, return_quant_tensor=True)
        self.pointwise = qnn.QuantConv2d(8, 8, 1, bias=False, weight_bit_width=3)
        self.add = qnn.QuantEltwiseAdd(
            input_quant=Int8ActPerTensorFloat, output_quant=Int8ActPerTensorFloat
        )
        self.pool = nn.MaxPool2d(2)
        self.relu2 = qnn.QuantReLU(bit_width=5, return_quant_tensor=True)
        self.linear = qnn.QuantLinear(8 * 16, 10, bias=True, weight_bit_width=4)

    def forward(self, x):
        x = self.relu(self.bn(self.conv(self.input(x))))
        branch = self.pointwise(self.hidden(self.depthwise(x)))
        x = self.relu2(self.pool(self.add(x, branch)))
        return self.linear(x.flatten(1))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A file as Brevitas writes it, from a network that has seen some inputs."""
    path = tmp_path_factory.mktemp("brevitas") / "model.onnx"
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Brevitas and torch.onnx announce what they go without
        from brevitas.export import export_qonnx

        torch.manual_seed(0)
        network = Residual().train()
        for _ in range(5):
            network(torch.randn(4, 3, 8, 8))
        with torch.no_grad():
            network.bn.weight.uniform_(-1, 1)
        export_qonnx(
            network.eval(), args=torch.randn(1, 3, 8, 8), export_path=str(path), dynamo=False
        )
    return path


KINDS = [
    *["SlidingWindow", "Mvau", "Requantize"] * 2,
    *["Mvau", "Requantize", "Requantize", "Add", "Requantize", "Pool", "Mvau"],
]


def test_as_brevitas_writes_it(exported):
    model = agree(exported, count=4, has_hidden=False)  # a quantizer moves to before its max pool
    assert [type(node).__name__ for node in model.accelerator.nodes] == KINDS


def test_as_qonnx_cleans_it_up(exported, tmp_path):
    path = tmp_path / "clean.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        onnx.save(cleanup_model(ModelWrapper(str(exported))).model, path)
    model = agree(path, count=4, has_hidden=False)
    assert [type(node).__name__ for node in model.accelerator.nodes] == KINDS
