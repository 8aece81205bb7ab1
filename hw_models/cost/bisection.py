"""Cost of a requantizer that bisects thresholds, counted from how ``lib/threshold.sv`` is written.

Flip-flops and block RAMs are exact but for columns of a memory in LUTs that happen to be equal.
"""

from collections.abc import Sequence

from hw_models.arith.cell import STYLES, Style
from hw_models.arith.operand import operand
from hw_models.arith.requantize.thresholds import ThresholdUnit, threshold_units
from hw_models.cost.logic import comparison_lut, counter_bits, counters_lut
from hw_models.cost.memory import Memory, memory_part, word_registers
from hw_models.cost.registers import SRL_STAGES
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, Resources

_SOURCE = "counted from lib/threshold.sv: three stages, a comparison, the way back"


def bisection_parts(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a bisection is made of.

    Every step compares the sum with one of 2^s thresholds of its channel (one LUT per bit: FINN-R,
    Blott et al. 2018). A comparator does as many steps as there are cycles between two sums and has
    a memory of its own in every lane.
    """
    units = threshold_units(node.output, pace.cycles)
    lanes = pace.lanes
    shared = -2 * (lanes - 1) * sum(unit.steps > 1 for unit in units)  # passes are counted once
    memories = (
        memory_part(
            f"thresholds of bit {unit.before}", threshold_memory(node, pace, unit), target, lanes
        )
        for unit in units
    )
    resources = _lane(node, pace, units, target) * lanes
    return (
        Part(
            name="comparators",
            resources=Resources(lut=resources.lut, ff=resources.ff + shared),
            is_compute=False,
            source=_SOURCE,
        ),
        *memories,
        Part(
            name="control",
            resources=_control(node, pace, units, target),
            is_compute=False,
            source="counted from lib/threshold_control.sv",
        ),
    )


def threshold_memory(node: Requantize, pace: Pace, unit: ThresholdUnit) -> Memory:
    """Return the memory of one comparator in one lane."""
    return Memory(
        depth=node.channels // pace.lanes * unit.words,
        width=node.accumulator_bits,
        is_writable=False,
    )


def _lane(
    node: Requantize, pace: Pace, units: Sequence[ThresholdUnit], target: Target
) -> Resources:
    """Return the comparators of one lane without their memories."""
    bits = node.accumulator_bits
    found = _waiting(bits, _chains(units, tap=3, is_kept=False), target)
    for position, unit in enumerate(units):
        found += _waiting(unit.steps, _chains(units[position + 1 :], tap=1, is_kept=True), target)
        found += Resources(
            lut=comparison_lut(bits, target),
            ff=word_registers(threshold_memory(node, pace, unit), target),
        )
        if unit.steps > 1:  # the way back, and the bits found here
            found += Resources(lut=bits + unit.before, ff=3 * unit.steps)
    complements = node.output.bits - 1 if operand(node.output).has_sign_bit else 0
    return found + Resources(lut=complements, ff=node.output.bits)


def _control(
    node: Requantize, pace: Pace, units: Sequence[ThresholdUnit], target: Target
) -> Resources:
    """Return the valid bits, the fold of each sum on its way, and the handshake."""
    folds = node.channels // pace.lanes
    fold_bits = counter_bits(folds)
    rings = sum(unit.steps > 1 for unit in units)
    found = _waiting(fold_bits, _chains(units, tap=1, is_kept=False), target)
    return found + Resources(
        lut=counters_lut((folds,), target) + rings * (fold_bits + 2) + 3,
        ff=3 * len(units) + fold_bits + 1,
    )


def _chains(units: Sequence[ThresholdUnit], *, tap: int, is_kept: bool) -> list[int]:
    """Return the lengths of the chains of registers in which one bit goes through `units`.

    A chain ends where something else reads it: behind register `tap` of each comparator, and around
    the multiplexers of a ring. Without `is_kept` nothing waits behind the last tap.
    """
    lengths, length = [], 0
    for unit in units:
        is_ring = unit.steps > 1
        stages = 3 if is_kept or is_ring or unit is not units[-1] else tap
        for stage in range(1, stages + 1):
            if stage == 1 and is_ring:
                lengths.append(length)
                length = 0
            length += 1
            if stage == tap or (stage == 3 and is_ring):
                lengths.append(length)
                length = 0
    return [length for length in (*lengths, length) if length]


def _waiting(bits: int, chains: Sequence[int], target: Target) -> Resources:
    """Return what delays `bits` bits by chains of registers."""
    has_srl = STYLES[target.family.name][0] is Style.XILINX
    luts = sum(has_srl and length >= SRL_STAGES for length in chains)
    flip_flops = sum(length for length in chains if not has_srl or length < SRL_STAGES)
    return Resources(lut=bits * luts, ff=bits * flip_flops)
