"""Cost of a pool: one reducer per lane and the partial results of a row of windows."""

from dse.errors import UnmodelledError
from hw_models.arith.operand import operand
from hw_models.cost.logic import adder_lut, shifter_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.multipliers import decode_lut
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Pool, PoolKind
from hw_models.resources import Part, Resources


@node_parts.register
def _(node: Pool, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a pool is made of.

    Every pixel updates the partial result of the one window it is in; those of a row of windows
    wait in a memory.

    Raises:
        UnmodelledError: Windows that overlap, or that are dilated.
    """
    overlaps = node.kernel[0] > node.stride[0] or node.kernel[1] > node.stride[1]
    if overlaps or node.dilation != (1, 1):
        raise UnmodelledError(
            f"{node.name}: no cost rule for a pool of kernel {node.kernel}, stride {node.stride} "
            f"and dilation {node.dilation}; windows must not overlap"
        )
    is_max = node.reduce is PoolKind.MAX
    bits = node.act.bits if is_max else node.accumulator_bits
    reducer = _max_lut(node, target) if is_max else _sum_lut(node, target)
    partials = Memory(
        depth=-(-node.out_width * node.channels // pace.lanes),
        width=bits * pace.lanes,
        is_writable=True,
    )
    counts = (
        node.kernel[0],
        node.kernel[1],
        node.out_height,
        node.out_width,
        -(-node.channels // pace.lanes),
    )
    return (
        Part(
            name="reducers",
            resources=Resources(lut=reducer, ff=bits) * pace.lanes,
            is_compute=False,
            source="structural: a comparison and a multiplexer, or decode and an adder, per bit",
        ),
        memory_part("partial results", partials, target),
        control_part(counts, target),
    )


def _max_lut(pool: Pool, target: Target) -> int:
    """Return the LUTs of the larger of two codes.

    A comparison and a 2:1 multiplexer. Codes with a sign bit beside the magnitude are ordered by
    complementing the magnitude of negative ones, on the way in and on the way out.
    """
    bits = pool.act.bits
    order = 2 * (bits - 1) if operand(pool.act).has_sign_bit else 0
    return bits * target.coefficients.comparator_lut_per_bit.value + bits + order


def _sum_lut(pool: Pool, target: Target) -> int:
    """Return the LUTs that add one code to an exact sum."""
    code = operand(pool.act)
    align = shifter_lut(code.significand_bits, code.greatest_shift, target)
    complement = code.has_sign_bit and not target.coefficients.sign_in_adder.value
    return (
        decode_lut(code, target)
        + align
        + (code.fixed_bits if complement else 0)
        + adder_lut(pool.accumulator_bits, target)
    )
