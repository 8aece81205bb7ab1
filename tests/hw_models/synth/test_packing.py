import itertools

import networkx
import numpy as np
import pytest

from hw_models.synth.netlist import Cell, Module
from hw_models.synth.packing import maximum_matching, shared_luts


@pytest.mark.parametrize("seed", range(60))
def test_matching_is_as_large_as_networkx_finds(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 24))
    graph = networkx.gnp_random_graph(n, float(rng.uniform(0.05, 0.5)), seed=seed)
    expected = len(networkx.max_weight_matching(graph, maxcardinality=True))
    assert maximum_matching([sorted(graph[v]) for v in range(n)]) == expected


def test_odd_cycles_need_the_blossom():
    # Two triangles joined by an edge: a greedy choice of that edge leaves two vertices out.
    edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    near = [[a + b - v for a, b in edges if v in (a, b)] for v in range(6)]
    for order in itertools.permutations(range(3)):
        near[2] = [near[2][i] for i in order]
        assert maximum_matching(near) == 3


def lut(output, *inputs):
    pins = {f"I{i}": (net,) for i, net in enumerate(inputs)} | {"O": (output,)}
    return Cell(type=f"LUT{len(inputs)}", pins=pins, outputs=frozenset("O"))


def module(**cells):
    return Module(name="m", ports={}, cells=cells)


def test_five_inputs_between_them_share():
    assert shared_luts(module(a=lut("y", "1", "2", "3"), b=lut("z", "3", "4", "5"))) == 1
    assert shared_luts(module(a=lut("y", "1", "2", "3"), b=lut("z", "4", "5", "6"))) == 0
    assert shared_luts(module(a=lut("y", *"123456"), b=lut("z", "1"))) == 0


def test_two_carry_selects_do_not_share():
    carry = Cell(type="CARRY4", pins={"S": ("y", "z", "const 0", "const 0")}, outputs=frozenset())
    selects = {"a": lut("y", "1", "2"), "b": lut("z", "1", "2")}
    assert shared_luts(module(**selects)) == 1
    assert shared_luts(module(**selects, carry=carry)) == 0
    assert shared_luts(module(**selects, carry=carry, c=lut("x", "1"))) == 1
