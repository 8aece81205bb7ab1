"""LUTs of the building blocks of arithmetic: functions, multipliers, shifters, counters."""

from dse.errors import UnmodelledError
from hw_models.arith.cell import STYLES, Style
from hw_models.cost.target import Target


def function_lut(inputs: int, target: Target) -> int:
    """Return the LUTs of any function of `inputs` bits, by Shannon expansion.

    An upper bound: every table is there, whatever the function.
    """
    return table_lut(1 << inputs, target)


def table_lut(entries: int, target: Target) -> int:
    """Return the LUTs of a table of `entries` bits, read one at a time.

    LUTs beyond the first are joined by multiplexers, which are free up to the family's
    `free_mux_inputs` address bits (UG474: F7, F8) and take one LUT each beyond.
    """
    lut_inputs = target.family.lut_inputs
    tables = -(-entries // (1 << lut_inputs))
    joined_free = 1 << (target.coefficients.free_mux_inputs.value - lut_inputs)
    return tables + -(-tables // joined_free) - 1


def reduction_lut(inputs: int, target: Target) -> int:
    """Return the LUTs of an AND or OR of `inputs` bits, as a tree."""
    lut_inputs = target.family.lut_inputs
    return 1 if inputs <= lut_inputs else -(-(inputs - 1) // (lut_inputs - 1))


def multiplier_lut(a_bits: int, b_bits: int, target: Target) -> int:
    """Return the LUTs of an `a_bits` x `b_bits` product.

    One bit times anything is a row of ANDs. Otherwise, by the family's rule:

    * ``finn-r``: ``(2·ceil((a + b) / 6) - 1)·(a + b)`` LUT6 (Blott et al. 2018). Within 8 % of
      published 8x8 and 12x12 multipliers.
    * ``row-array``: ``(min - 1)·(max + 1)`` LUT4, one row of adders per further multiplier bit; and
      ``min·max`` more for the partial products where an adder's LUT cannot hold their ANDs.

    Raises:
        UnmodelledError: A rule this function does not know.
    """
    short, long = min(a_bits, b_bits), max(a_bits, b_bits)
    if short == 1:
        return long
    rule = target.coefficients.multiplier.value
    if rule == "finn-r":
        return (2 * -(-(a_bits + b_bits) // 6) - 1) * (a_bits + b_bits)
    if rule == "row-array":
        ands = 0 if target.coefficients.and_in_adder.value else short * long
        return (short - 1) * (long + 1) + ands
    raise UnmodelledError(f"no multiplier rule called '{rule}'")


def shifter_lut(bits: int, shift: int, target: Target) -> int:
    """Return the LUTs of a logarithmic shifter of `bits` bits by 0 … `shift` places.

    Small shifts come first, so that the word grows late; every stage takes one LUT per bit of its
    result, and one LUT holds `mux_select_bits` stages. The same from wide to narrow.
    """
    stages = shift.bit_length()
    per_lut = target.coefficients.mux_select_bits.value
    ends = [*range(per_lut, stages, per_lut), stages] if stages else []
    return sum(bits + min(shift, (1 << end) - 1) for end in ends)


def adder_lut(bits: int, target: Target) -> int:
    """Return the LUTs of an adder or accumulator with a result of `bits` bits."""
    return bits * target.coefficients.adder_lut_per_bit.value


def carry_lut(bits: int, target: Target) -> int:
    """Return the LUTs of a plain sum or difference of `bits` bits; on ecp5 two bits are a cell."""
    return 2 * -(-bits // 2) if STYLES[target.family.name][0] is Style.ECP5 else bits


def gated_add_lut(
    bits: int, target: Target, *, gated_bits: int = 0, is_gate_free: bool = False
) -> int:
    """Return the LUTs of ``lib/gated_add_*.sv``: a sum of `bits` bits, of which one term is gated.

    Portable, gates take a LUT each, unless a multiplexer in front holds them: of `gated_bits`, or
    of all but the top one, which no carry leaves.
    """
    needs_gates = STYLES[target.family.name][0] is Style.PORTABLE and not is_gate_free
    return carry_lut(bits, target) + needs_gates * (gated_bits or bits - 1)


def comparison_lut(bits: int, target: Target) -> int:
    """Return the LUTs of the sign of a difference of two registers of `bits` bits.

    Portable, a LUT more inverts each bit that is subtracted: the operands of iCE40's carry are
    nothing but registers' outputs (Lattice, iCE40 Technology Library, SB_CARRY). The LUTs of the
    other families stand in front of their carry.
    """
    is_portable = STYLES[target.family.name][0] is Style.PORTABLE
    return carry_lut(bits + 1, target) + is_portable * bits


def counter_bits(count: int) -> int:
    """Return the bits of a counter of `count` values; none for one value."""
    return (count - 1).bit_length()


def counters_lut(counts: tuple[int, ...], target: Target) -> int:
    """Return the LUTs of counters of these many values each."""
    bits = sum(counter_bits(count) for count in counts)
    return bits * target.coefficients.counter_lut_per_bit.value
