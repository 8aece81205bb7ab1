"""Cost of a pool, counted from how ``lib/pool.sv`` is written.

Block RAMs are exact, flip-flops but for one of an address in some. A LUT of six inputs compares two
bits, counts with a clear, and adds with one; a LUT of four takes twice as many.
"""

from dse.errors import UnmodelledError
from hw_models.arith.operand import operand
from hw_models.cost.fixed import WIDE_INPUTS, fixed_lut
from hw_models.cost.logic import (
    carry_lut,
    comparison_lut,
    counter_bits,
    counters_lut,
    gated_add_lut,
)
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.node import node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Pool, PoolKind
from hw_models.resources import Part, Resources

_NEAR = 2
"""Results that are on their way to the memory: folds up to this many ask for them."""
_SOURCE = "counted from lib/pool.sv"


@node_parts.register
def _(node: Pool, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a pool is made of.

    Every pixel updates the partial result of the one window it is in; those of a row of windows
    wait in a memory.

    Raises:
        UnmodelledError: Windows that overlap, or that are dilated.
    """
    if not node.is_apart:
        raise UnmodelledError(
            f"{node.name}: no cost rule for a pool of kernel {node.kernel}, stride {node.stride} "
            f"and dilation {node.dilation}; windows must not overlap where they "
            "are padded and values may be negative"
        )
    partials = _partials(node, pace)
    parts = [
        Part(
            name="reducers",
            resources=_lane(node, pace, target) * pace.lanes,
            is_compute=False,
            source=f"{_SOURCE}: a comparison and a multiplexer, or decode and an adder, per bit",
        ),
        Part(
            name="control",
            resources=_control(node, pace, target),
            is_compute=False,
            source=f"{_SOURCE}, pool_axis.sv and fold_counter.sv",
        ),
    ]
    if partials.depth > 1:
        parts.append(memory_part("partial results", partials, target))
    return tuple(parts)


def _partials(node: Pool, pace: Pace) -> Memory:
    """Return the memory of a row of windows."""
    return Memory(
        depth=node.out_width * node.channels // pace.lanes,
        width=_bits(node) * pace.lanes,
        is_writable=True,
    )


def _bits(node: Pool) -> int:
    return node.act.bits if node.reduce is PoolKind.MAX else node.accumulator_bits


def _lane(node: Pool, pace: Pace, target: Target) -> Resources:
    """Return one lane: code, its place or integer, the result so far, and the result."""
    code, bits = operand(node.act), _bits(node)
    partials = _partials(node, pace)
    has_memory, is_near = partials.depth > 1, node.channels // pace.lanes <= _NEAR
    is_max = node.reduce is PoolKind.MAX
    kept = 1 + 2 * (has_memory and is_near)  # behind the memory; the last two results
    term_bits = code.bits if is_max else code.fixed_bits
    chosen = has_memory and is_near
    if is_max:
        reducer = _max_lut(node, target, is_inverse_free=chosen)
    else:
        reducer = fixed_lut(code, target) + gated_add_lut(bits, target, is_gate_free=chosen)
    soon = bits * (1 if _is_wide(target) else 2) if chosen else 0
    return Resources(lut=reducer + soon, ff=code.bits + term_bits + (kept + 1) * bits)


def _control(node: Pool, pace: Pace, target: Target) -> Resources:
    """Return counters of the place in the image, addresses of two stages, and the handshake."""
    folds = node.channels // pace.lanes
    depth = _partials(node, pace).depth
    phases = sum(max(1, counter_bits(stride)) for stride in node.stride)
    pixels = (folds, node.height, node.width)
    counters = counters_lut(pixels, target)
    addresses = Resources()
    if depth > 1:
        width = counter_bits(depth)
        addresses = Resources(lut=carry_lut(width + 1, target), ff=3 * width)
        if folds <= _NEAR:  # compared with the last two
            wide = counter_bits(depth + folds)
            addresses = Resources(lut=carry_lut(wide + 1, target) + wide, ff=5 * wide)
    return addresses + Resources(
        lut=counters // (1 + _is_wide(target)) + phases + 6,
        ff=sum(max(1, counter_bits(count)) for count in pixels[1:])
        + counter_bits(folds)
        + phases
        + 7,
    )


def _max_lut(pool: Pool, target: Target, *, is_inverse_free: bool) -> int:
    """Return the LUTs of the larger of two codes.

    A comparison, whose inverters a multiplexer in front may hold, and a 2:1 multiplexer. Codes with
    a sign bit beside the magnitude are ordered by complementing the magnitude of negative ones, on
    the way in and on the way out.
    """
    bits = pool.act.bits
    order = 2 * (bits - 1) if operand(pool.act).has_sign_bit else 0
    if _is_wide(target):
        compare = -(-bits // 2)
    else:
        compare = carry_lut(bits + 1, target) if is_inverse_free else comparison_lut(bits, target)
    return compare + bits + order


def _is_wide(target: Target) -> bool:
    return target.family.lut_inputs >= WIDE_INPUTS
