"""Cost of a matrix unit: products, adder trees, accumulators, weights, input buffer, control."""

from collections.abc import Iterator
from dataclasses import replace

from hw_models.arith.cell import Dot, Style
from hw_models.arith.dsp import DspProducts, groups, in_dsp
from hw_models.arith.pipeline import pipelined_dot
from hw_models.cost.dot import dsp_sum_parts, sum_parts
from hw_models.cost.fifo import PAIR, fifo_parts
from hw_models.cost.lane import target_style
from hw_models.cost.logic import counter_bits
from hw_models.cost.memory import (
    Memory,
    deep_rom_registers,
    memory_part,
    rom_read_cycles,
    word_registers,
)
from hw_models.cost.multipliers import Lanes, choose_multipliers, multiplier_part
from hw_models.cost.node import node_parts
from hw_models.cost.registers import (
    SRL_STAGES,
    control_registers,
    control_stages,
    waiting_registers,
)
from hw_models.cost.target import Target
from hw_models.folding import Folding, Pace, window_pace
from hw_models.graph import Mvau
from hw_models.resources import Part, Resources

CONTROL = "control"
"""Name of the part that is fitted, the others are counted."""

_RING_CYCLES = 2


@node_parts.register
def _(node: Mvau, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a matrix unit is made of.

    A pipelined dot product for each PE. Registers stand behind the operands, inside the products as
    the family's clock takes them, and behind products, adders and accumulators. What comes out is
    handed on as it is: a `Requantize` is a node of its own.
    """
    folding = pace.folding
    return (
        multiplier_part(_unit_lanes(node, folding), _product_target(node, target)),
        *_dot_parts(node, folding, target),
        *_operand_parts(node, folding, target),
        *_result_parts(node, folding, target),
    )


def _dot_parts(node: Mvau, folding: Folding, target: Target) -> Iterator[Part]:
    """Yield registers, trees and accumulators of PE dot products, without their control."""
    style, way = target_style(target), unit_way(node, folding, target)
    dot = unit_dot(node, folding, target, style)
    control, controls = control_registers(dot, style), len(groups(folding.pe, way))
    if way is None:
        parts = [replace(p, resources=p.resources * folding.pe) for p in sum_parts(dot, target)]
    else:
        parts = [*dsp_sum_parts(dot, way, target, folding.pe)]
    for part in parts:
        resources = part.resources
        if part.name == "registers":
            resources = Resources(
                lut=resources.lut - control.lut * controls,
                ff=resources.ff - control.ff * controls,
            )
        yield replace(part, resources=resources)


def _unit_lanes(node: Mvau, folding: Folding) -> Lanes:
    """Return the products of a beat."""
    return Lanes(
        weight=node.weight,
        act=node.act,
        count=folding.lanes,
        sharing=min(folding.pe, node.mh // node.groups),
        in_mac=False,
    )


def _product_target(node: Mvau, target: Target) -> Target:
    """Return `target` as products see it: those of a depthwise layer share nothing, so use LUTs."""
    return target if node.groups == 1 else replace(target, dsp="none")


def folds_and_rounds(node: Mvau, folding: Folding) -> tuple[int, int]:
    """Return the beats of a sum, and how often PE sums are made per vector."""
    return node.mw // folding.simd, node.mh // folding.pe


def is_repeated(node: Mvau, folding: Folding) -> bool:
    """Return whether a vector is multiplied in several rounds, hence kept."""
    return node.mh // folding.pe > node.groups // window_pace(node, folding).folding.pe


def unit_way(node: Mvau, folding: Folding, target: Target) -> DspProducts | None:
    """Return what goes through DSP blocks, and how many PEs share one; None for LUTs."""
    return choose_multipliers(_unit_lanes(node, folding), _product_target(node, target)).way


def unit_dot(node: Mvau, folding: Folding, target: Target, style: Style) -> Dot:
    """Return the dot product of one PE, with the registers that the family's clock takes.

    In DSP blocks products have the blocks' own.
    """
    dot = pipelined_dot(
        node.weight,
        node.act,
        terms=node.mw,
        lanes=folding.simd,
        style=style,
        family=target.family,
    )
    return dot if unit_way(node, folding, target) is None else in_dsp(dot)


def control_bits(node: Mvau, folding: Folding) -> int:
    """Return the bits of the counters of folds and of words; with one round, they are one."""
    folds, rounds = folds_and_rounds(node, folding)
    return counter_bits(folds) + (counter_bits(folds * rounds) if rounds > 1 else 0)


def weight_memory(node: Mvau, folding: Folding) -> Memory:
    """Return the memory of the weights. All PEs read one address, so their weights are one word."""
    folds, rounds = folds_and_rounds(node, folding)
    width = folding.lanes * node.weight.bits
    return Memory(depth=folds * rounds, width=width, is_writable=False)


def operand_cycles(node: Mvau, folding: Folding, target: Target) -> int:
    """Return the clock edges from a beat to the multipliers: ``STAGES`` of lib/mvau_feed.sv."""
    weights = weight_memory(node, folding)
    return 1 + rom_read_cycles(weights, target) + is_repeated(node, folding)


def result_places(node: Mvau, folding: Folding, dot: Dot, target: Target) -> int:
    """Return how many rounds' sums must find a place, so that no beat ever waits for one.

    From the beat that claims a place to the one that may claim it again pass the pipeline, the
    edges that store and that hand on the sums, those that a requantizer may wait for the next place
    in its ring (``rtl/lib/threshold.sv``), and one more if they go through a memory.
    """
    folds, _ = folds_and_rounds(node, folding)
    cycles = operand_cycles(node, folding, target) + dot.latency_cycles + 2 + _RING_CYCLES
    places = -(-cycles // folds)
    return places if places <= PAIR else -(-(cycles + 1) // folds)


def _operand_parts(node: Mvau, folding: Folding, target: Target) -> Iterator[Part]:
    """Yield weights, input buffer, counters and registers in front of the multipliers.

    See ``rtl/lib/mvau_feed.sv``.
    """
    folds, _ = folds_and_rounds(node, folding)
    stages, repeats = operand_cycles(node, folding, target), is_repeated(node, folding)
    act_bits = window_pace(node, folding).lanes * node.act.bits
    weights = weight_memory(node, folding)
    yield memory_part("weights", weights, target)
    weight_registers = word_registers(weights, target) + deep_rom_registers(weights, target)
    act_registers = stages
    if repeats:
        vector = Memory(depth=folds, width=act_bits, is_writable=True)
        yield memory_part("input buffer", vector, target)
        act_registers = stages - (2 if folds > 1 else 1)
    counters, style = control_bits(node, folding), target_style(target)
    yield Part(
        name="operands",
        resources=Resources(ff=counters * (1 + repeats) + repeats + stages + weight_registers)
        + waiting_registers(act_bits, act_registers, style)
        + _control_registers(node, folding, target),
        is_compute=False,
        source="exact: registers as the RTL writes them",
    )
    per_bit, rest = (
        target.coefficients.unit_counter_lut_per_bit,
        target.coefficients.unit_control_lut,
    )
    yield Part(
        name=CONTROL,
        resources=Resources(lut=max(0, round(per_bit.value * counters + rest.value))),
        is_compute=False,
        source=per_bit.source,
    )


def _control_registers(node: Mvau, folding: Folding, target: Target) -> Resources:
    """Return what delays enable and clear of all PEs.

    On Xilinx, a shift register in front of the multipliers goes on up to the accumulators.
    """
    folds, _ = folds_and_rounds(node, folding)
    style, stages = target_style(target), operand_cycles(node, folding, target)
    dot, bits = unit_dot(node, folding, target, style), 1 + (folds > 1)
    if style is Style.XILINX and stages >= SRL_STAGES:
        return waiting_registers(bits, stages + control_stages(dot), style)
    return waiting_registers(bits, stages, style) + control_registers(dot, style)


def _result_parts(node: Mvau, folding: Folding, target: Target) -> Iterator[Part]:
    """Yield what keeps the sums until they are taken: see ``rtl/lib/mvau_collect.sv``."""
    dot = unit_dot(node, folding, target, target_style(target))
    places, latency = result_places(node, folding, dot, target), dot.latency_cycles
    yield from fifo_parts("sums", places, folding.pe * node.accumulator_bits, target)
    room = places.bit_length()
    yield Part(
        name="room",
        resources=Resources(ff=room + latency),
        is_compute=False,
        source="exact registers: a count of places, and a bit that waits for the adders",
    )
