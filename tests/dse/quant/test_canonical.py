"""One form for every way of writing an operation, and the same results."""

import operator

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dse.quant.trace import trace


class Written(nn.Module):
    """Two convolutions and a function that joins their outputs."""

    def __init__(self, join):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3), nn.Conv2d(1, 3, 3)
        self.relu = nn.ReLU(inplace=True)
        self.join = join

    def forward(self, x):
        return self.join(self, self.conv1(x), self.conv2(x))


def in_place_sum(m, a, b):
    a += b
    return a


def read_before_and_after(m, a, b):
    """The second reader of `a` sees it activated, since the module works in place."""
    before = a * 1.0
    activated = m.relu(a)
    return before + activated + b * a


def one_module_twice_in_place(m, a, b):
    m.relu(a)
    return m.relu(b) + a + b


@pytest.mark.parametrize(
    ("join", "kinds"),
    [
        (lambda m, a, b: a + b, {operator.add}),
        (in_place_sum, {operator.add}),
        (lambda m, a, b: torch.add(a, other=b), {operator.add}),
        (lambda m, a, b: a.add_(b), {operator.add}),
        (lambda m, a, b: a.add(b), {operator.add}),
        (lambda m, a, b: torch.add(a, b, alpha=2), {torch.add}),
        (lambda m, a, b: a + 1, {operator.add}),
        (read_before_and_after, {operator.add, operator.mul, nn.ReLU}),
        (one_module_twice_in_place, {operator.add, nn.ReLU}),
        (lambda m, a, b: F.relu(a, inplace=True) + a, {F.relu, operator.add}),
        (lambda m, a, b: a.relu_(), {"relu"}),
        (lambda m, a, b: a.view(a.shape[0], -1), {torch.flatten}),
        (lambda m, a, b: a.reshape((a.size()[0], -1)), {torch.flatten}),
        (lambda m, a, b: torch.reshape(a, (a.size(0), -1)), {torch.flatten}),
        (lambda m, a, b: a.reshape(b.size(0), -1, 1), {"reshape", "size"}),
        (lambda m, a, b: F.avg_pool2d(a, 3, stride=2, padding=1), {nn.AvgPool2d}),
        (lambda m, a, b: F.avg_pool2d(a, kernel_size=2), {nn.AvgPool2d}),
        (lambda m, a, b: F.max_pool2d(a, 2, 1), {nn.MaxPool2d}),
        (lambda m, a, b: F.adaptive_avg_pool2d(a, (1, 1)), {nn.AdaptiveAvgPool2d}),
        (lambda m, a, b: a.mean((2, 3)), {nn.AdaptiveAvgPool2d, torch.flatten}),
        (lambda m, a, b: torch.mean(a, dim=[-1, -2], keepdim=True), {nn.AdaptiveAvgPool2d}),
        (lambda m, a, b: a.mean(1), {"mean"}),
        (lambda m, a, b: a.mean(), {"mean"}),
    ],
)
def test_form_and_result(join, kinds):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, x = Written(join).eval(), torch.randn(2, 1, 8, 8)
    traced = trace(network).module
    found = {
        type(traced.get_submodule(node.target)) if node.op == "call_module" else node.target
        for node in traced.graph.nodes
        if node.op not in ("placeholder", "output")
    }
    assert found == kinds | {nn.Conv2d}
    with torch.no_grad():
        assert torch.equal(traced(x), network(x))


def test_no_module_works_in_place_and_the_users_still_does():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU6(inplace=True))
    assert not trace(network).module.get_submodule("1").inplace
    assert network[1].inplace


def test_what_nobody_reads_is_left_out():
    traced = trace(Written(lambda m, a, b: a))
    assert traced.layer_names == ("conv1",)
