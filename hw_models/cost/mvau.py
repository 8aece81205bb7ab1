"""Cost of a matrix unit: products, adder trees, accumulators, weights, input buffer, control."""

from dataclasses import replace

from hw_models.arith.pipeline import pipelined_dot
from hw_models.cost.dot import sum_parts
from hw_models.cost.lane import target_style
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.multipliers import Lanes, multiplier_part
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Folding, Pace, window_pace
from hw_models.graph import Mvau
from hw_models.resources import Part, Resources


@node_parts.register
def _(node: Mvau, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a matrix unit is made of.

    A pipelined dot product for each PE. Registers stand behind the operands, inside the products as
    the family's clock takes them, and behind products, adders and accumulators. What comes out is
    handed on as it is: a `Requantize` is a node of its own.
    """
    folding = pace.folding
    folds, rounds = node.mw // folding.simd, node.mh // folding.pe
    lanes = Lanes(
        weight=node.weight,
        act=node.act,
        count=folding.lanes,
        sharing=min(folding.pe, node.mh // node.groups),
        in_mac=False,
    )
    dot = pipelined_dot(
        node.weight,
        node.act,
        terms=node.mw,
        lanes=folding.simd,
        style=target_style(target),
        family=target.family,
    )
    return (
        multiplier_part(lanes, target),
        *(replace(part, resources=part.resources * folding.pe) for part in sum_parts(dot, target)),
        _operand_registers(node, folding),
        *_memory_parts(node, folding, target),
        control_part((folds, rounds), target),
    )


def _operand_registers(mvau: Mvau, folding: Folding) -> Part:
    """Return the registers that hold one cycle's activations; memories register the weights."""
    return Part(
        name="operand registers",
        resources=Resources(ff=window_pace(mvau, folding).lanes * mvau.act.bits),
        is_compute=False,
        source="structural: one word of activations",
    )


def _memory_parts(mvau: Mvau, folding: Folding, target: Target) -> tuple[Part, ...]:
    """Return the weight memory, and the buffer that repeats a vector for further output channels.

    All PEs read the same address, so their weights are one word.
    """
    folds, rounds = mvau.mw // folding.simd, mvau.mh // folding.pe
    weights = Memory(
        depth=folds * rounds, width=folding.lanes * mvau.weight.bits, is_writable=False
    )
    parts = [memory_part("weights", weights, target)]
    window = window_pace(mvau, folding)
    is_repeated = rounds > mvau.groups // window.folding.pe
    if is_repeated:
        vector = Memory(depth=folds, width=window.lanes * mvau.act.bits, is_writable=True)
        parts.append(memory_part("input buffer", vector, target))
    return tuple(parts)
