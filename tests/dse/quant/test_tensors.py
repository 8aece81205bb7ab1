"""Which tensors get a quantizer, and which of them share one."""

import pytest
import torch
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.models import load_network
from dse.quant.trace import trace


class Blocks(nn.Module):
    """Three convolutions on four channels, wired by a function of the module and its input."""

    def __init__(self, wiring):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(4, 4, 1) for _ in range(3))
        self.relu, self.pool = nn.ReLU(), nn.AvgPool2d(2)
        self.wiring = wiring

    def forward(self, x):
        return self.wiring(self, x)


def tensors(wiring):
    """Return group, layer and sign of each tensor by name."""
    return {
        tensor.name: (tensor.group, tensor.layer, tensor.nonnegative)
        for tensor in trace(Blocks(wiring)).tensors
    }


def test_the_tensors_of_resnet8():
    traced = trace(load_network("resnet8").initial(0))
    groups = {}
    for tensor in traced.tensors:
        groups.setdefault(tensor.group, []).append(tensor.name)
    assert [members for members in groups.values() if len(members) > 1] == [
        ["relu", "stack1_conv2"],
        ["stack2_conv2", "stack2_shortcut"],
        ["stack3_conv2", "stack3_shortcut"],
    ]
    assert len(traced.tensors) == 14
    by_name = {tensor.name: tensor for tensor in traced.tensors}
    # the two operands of the second addition take the format of what their sum becomes
    assert by_name["stack2_shortcut"].layer == "stack3.conv1"
    assert by_name["stack3_shortcut"].layer == by_name["stack3_relu2"].layer == "fc"
    # a ReLU's output shares its scale with a convolution's that it is added to, but has no sign
    assert by_name["relu"].nonnegative
    assert not by_name["stack1_conv2"].nonnegative
    assert {layer.name: layer.nonnegative for layer in traced.layers}["stack1.conv1"] is True
    assert by_name["pool"].nonnegative


def test_an_identity_shortcut_joins_all_that_is_added_to_it():
    def wiring(m, x):
        a = m.relu(m.conv1(x))
        return (m.conv2(a) + a) * 2 + (m.conv3(a) + a)

    found = tensors(wiring)
    assert {name: group for name, (group, _, _) in found.items()} == {
        "x": "x", "relu": "relu", "conv2": "relu", "conv3": "relu", "mul": "mul", "add_1": "mul",
    }  # fmt: skip
    assert found["conv3"][1] == "conv2"  # the layer that multiplies a tensor of the group
    assert found["mul"][1] == ""  # no layer follows


def test_a_sum_that_is_added_again_is_a_tensor_of_its_own():
    def wiring(m, x):
        a = m.conv1(x)
        b = m.conv2(a) + a
        return m.conv3(m.pool(m.relu(m.pool(a) + m.pool(b))))

    found = tensors(wiring)
    assert found["conv1"] == found["conv2"] == ("conv1", "conv2", False)
    assert found["add"] == ("add", "conv3", False)
    assert found["pool"] == found["pool_1"] == ("pool", "conv3", False)
    assert found["relu"] == ("relu", "conv3", True)
    assert found["pool_2"] == ("pool_2", "conv3", True)


def test_sums_and_averages_of_what_is_never_negative_are_not_negative():
    def wiring(m, x):
        return m.conv3(m.pool(m.relu(m.conv1(x)) + m.relu(m.conv2(x))))

    found = tensors(wiring)
    assert [sign for _, _, sign in found.values()] == [False, True, True, True, True]


def test_a_group_that_its_own_sum_joins():
    def wiring(m, x):
        a = m.relu(m.conv1(x))
        return m.relu(a + m.relu(m.conv2(x))) + a

    found = tensors(wiring)
    del found["x"]
    assert found == dict.fromkeys(["relu", "relu_1", "relu_2"], ("relu", "", True))


def test_a_tensor_added_to_itself():
    assert tensors(lambda m, x: torch.add(a := m.conv1(x), a))["conv1"] == ("conv1", "", False)


def test_the_input_cannot_be_added():
    with pytest.raises(UnsupportedLayerError, match=r"'add' adds the network's input"):
        trace(Blocks(lambda m, x: m.conv1(x) + x))
