"""Cost of a requantizer, by two architectures; the one that takes less of the device is built."""

from dse.formats import Format
from hw_models.arith.operand import operand
from hw_models.cost.logic import (
    adder_lut,
    counter_bits,
    function_lut,
    multiplier_lut,
    reduction_lut,
    shifter_lut,
)
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, Resources, total


@node_parts.register
def _(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a requantizer is made of, in the architecture that takes less of the device.

    Less means a smaller largest share of any resource of the family's reference part, because the
    two trade LUTs for block RAM. Both work serially as far as the pace of the sums allows.
    """
    ways = (thresholds(node, pace, target), scale_round(node, pace, target))
    part = target.family.part_resources
    chosen = min(ways, key=lambda parts: total(parts).share_of(part))
    return (*chosen, control_part((_channels_per_lane(node, pace), pace.cycles), target))


def thresholds(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return the cost of a bisection over the output's thresholds.

    log2(codes) steps; step s compares the sum with one of 2^s thresholds of the channel (one LUT
    per accumulator bit: FINN-R, Blott et al. 2018). A comparator with a memory of its own does as
    many steps as there are cycles between two sums. The position among the codes becomes a code by
    a table, which integers do not need.
    """
    bits, output = node.accumulator_bits, node.output
    steps = counter_bits(output.n_codes)
    units = [range(low, min(low + pace.cycles, steps)) for low in range(0, steps, pace.cycles)]
    compare = len(units) * bits * target.coefficients.comparator_lut_per_bit.value
    to_code = output.bits * function_lut(steps, target) if operand(output).is_minifloat else 0
    registers = len(units) * (bits + steps) + output.bits
    memories = (
        memory_part(
            f"thresholds of steps {unit.start} to {unit[-1]}",
            Memory(
                depth=_channels_per_lane(node, pace) * sum(1 << step for step in unit),
                width=bits * pace.lanes,
                is_writable=False,
            ),
            target,
        )
        for unit in units
    )
    return (
        Part(
            name="comparators",
            resources=Resources(lut=compare + to_code, ff=registers) * pace.lanes,
            is_compute=False,
            source=target.coefficients.comparator_lut_per_bit.source,
        ),
        *memories,
    )


def scale_round(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return the cost of a multiplication by the scale, addition of the bias and rounding.

    Structural, an assumption until it is measured: an exact product of the sum and the scale's
    significand, a bias of the same width, half-to-even rounding with a tie detector, saturation;
    for minifloats a leading-zero count and a shifter; and one listed boundary code per channel that
    corrects the rounding. All channels share the scale's exponent.
    """
    bits, output = node.accumulator_bits, node.output
    product_bits = bits + target.coefficients.scale_bits.value
    multiplier = _scale_multiplier(bits, pace.cycles, target)
    correction = bits * target.coefficients.comparator_lut_per_bit.value
    rounding = Resources(
        lut=adder_lut(product_bits, target) + _round_lut(product_bits, output, target) + correction,
        ff=product_bits + output.bits,
    )
    parameters = Memory(
        depth=_channels_per_lane(node, pace),
        width=2 * product_bits * pace.lanes,  # scale, bias, boundary code
        is_writable=False,
    )
    return (
        Part(
            name="scale multipliers",
            resources=multiplier.resources * pace.lanes,
            is_compute=False,
            source=multiplier.source,
        ),
        Part(
            name="bias and rounding",
            resources=rounding * pace.lanes,
            is_compute=False,
            source="structural assumption: adder, tie detector, leading-zero count, shifter",
        ),
        memory_part("scales and biases", parameters, target),
    )


def _channels_per_lane(node: Requantize, pace: Pace) -> int:
    return -(-node.channels // pace.lanes)


def _scale_multiplier(bits: int, cycles: int, target: Target) -> Part:
    """Return one sum-by-scale multiplier: in LUTs, or in DSP blocks if they save enough.

    In LUTs it is an array, or a serial one with as many rows of adders as scale bits per cycle.
    """
    coefficients = target.coefficients
    scale_bits = coefficients.scale_bits.value
    rows = -(-scale_bits // cycles)
    row = adder_lut(bits + 1, target) + (0 if coefficients.and_in_adder.value else bits)
    lut = min(multiplier_lut(bits, scale_bits, target), rows * row)
    dsp = target.family.dsp
    blocks = dsp.blocks(bits, scale_bits + 1)
    joined = (blocks - 1) * adder_lut(bits + scale_bits, target)  # tiles are summed in LUTs
    registers = bits + scale_bits
    if target.dsp == "auto" and lut - joined >= blocks * coefficients.dsp_worth_lut.value:
        resources, source = Resources(lut=joined, ff=registers, dsp=blocks), dsp.source
    else:
        resources, source = Resources(lut=lut, ff=registers), coefficients.multiplier.source
    return Part(name="scale multiplier", resources=resources, is_compute=False, source=source)


def _round_lut(bits: int, output: Format, target: Target) -> int:
    """Return the LUTs that round a `bits` wide value to `output`, half to even, and saturate.

    Minifloats take a magnitude, its leading-zero count and a shifter on top.
    """
    tie_and_overflow = 2 * reduction_lut(bits, target)
    increment_and_saturate = adder_lut(output.bits, target) + output.bits
    code = operand(output)
    if not code.is_minifloat:
        return tie_and_overflow + increment_and_saturate
    magnitude = bits if code.has_sign_bit else 0
    leading_zeros = bits
    normalise = shifter_lut(code.significand_bits + 1, code.greatest_shift, target)
    return tie_and_overflow + increment_and_saturate + magnitude + leading_zeros + normalise
