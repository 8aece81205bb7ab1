"""Cost of a matrix unit: products, adder trees, accumulators, weights, input buffer, control."""

from functools import lru_cache

from dse.formats import Format
from hw_models.accumulator import accumulator_bits
from hw_models.cost.logic import adder_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.multipliers import multiplier_parts
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Folding, Pace, window_pace
from hw_models.graph import Mvau
from hw_models.resources import Part, Resources

_WIDTH_SOURCE = "exact width bit_length(n·max|w|·max|a|) + 1"


@node_parts.register
def _(node: Mvau, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a matrix unit is made of.

    Registers stand behind the operands, the products, every adder and the accumulators. What comes
    out is handed on as it is: a `Requantize` is a node of its own.
    """
    folding = pace.folding
    folds, rounds = node.mw // folding.simd, node.mh // folding.pe
    return (
        *multiplier_parts(node, folding, target),
        *_sum_parts(node, folding, target),
        _operand_registers(node, folding),
        *_memory_parts(node, folding, target),
        control_part((folds, rounds), target),
    )


def _sum_parts(mvau: Mvau, folding: Folding, target: Target) -> tuple[Part, ...]:
    """Return the adder trees and accumulators.

    One LUT per bit of every adder's result, whose width is exact for the terms it has summed. A
    fully unrolled layer has no accumulator: its tree gives the sum.
    """
    adder_source = f"{_WIDTH_SOURCE}; {target.coefficients.adder_lut_per_bit.source}"
    product_bits = accumulator_bits(1, mvau.weight, mvau.act)
    tree_bits = tree_adder_bits(folding.simd, mvau.weight, mvau.act)
    parts = [
        Part(
            name="product registers",
            resources=Resources(ff=product_bits * folding.lanes),
            is_compute=True,
            source=_WIDTH_SOURCE,
        )
    ]
    if tree_bits:
        tree = Resources(lut=adder_lut(tree_bits, target), ff=tree_bits) * folding.pe
        parts.append(Part(name="adder trees", resources=tree, is_compute=True, source=adder_source))
    if mvau.mw > folding.simd:
        bits = mvau.accumulator_bits
        sums = Resources(lut=adder_lut(bits, target), ff=bits) * folding.pe
        parts.append(
            Part(name="accumulators", resources=sums, is_compute=True, source=adder_source)
        )
    return tuple(parts)


@lru_cache(maxsize=65536)
def tree_adder_bits(terms: int, weight: Format, act: Format) -> int:
    """Return the total width of the adders that sum `terms` products as a balanced tree [bit]."""
    if terms == 1:
        return 0
    low = terms // 2
    return (
        tree_adder_bits(low, weight, act)
        + tree_adder_bits(terms - low, weight, act)
        + accumulator_bits(terms, weight, act)
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
