"""What a product lane is made of, counted from how its RTL is written: one function per style.

What the RTL instantiates (carry cells, tables) is exact. What the tool maps (decoders, shifters of
plain multiplexers) is a few numbers, whose weights are fitted per device.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from hw_models.arith.cell import Style
from hw_models.arith.lane import Lane, booth_digits, booth_first_bits
from hw_models.arith.product import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A lane in parts.

    Attributes:
        multiply: LUTs of the multiplier of the significands, as written.
        instantiated: All LUTs that the RTL instantiates, the multiplier's included.
        mapped: What the tool maps, by `FEATURES` of the style.
    """

    multiply: int
    instantiated: int
    mapped: tuple[int, ...]


FEATURES: dict[Style, tuple[str, ...]] = {
    Style.ECP5: ("decode", "stage", "edge", "pair", "lone", "twin", "hit"),
    Style.XILINX: ("decode", "and", "sign"),
    Style.PORTABLE: (
        "decode",
        "and",
        "add",
        "exponent",
        "stage",
        "edge",
        "pair",
        "lone",
        "twin",
        "hit",
    ),
}
"""Names of what is mapped.

decode: LUTs of exponent fields that are 0. and: bits of partial products that no adder holds.
add: bits of adders in the multiplier. exponent: bits of the sum of exponents. stage: bits of
multiplexer stages. edge: bits of a stage with one input only. merge: outputs of the shifter that
combine gated copies. hit: decoders that gate them. sign: sign of the product.
"""


@lru_cache(maxsize=65536)
def lane_structure(lane: Lane) -> Structure:
    """Return what `lane` is made of."""
    return _STRUCTURES[lane.style](lane)


def _zero_decoders(shape: Product, lut_inputs: int) -> int:
    """Return the LUTs that find exponent fields of 0; one bit is its own inverse."""
    fields = [x.exponent_bits for x in (shape.weight, shape.act) if x.shifts]
    return sum(-(-(bits - 1) // (lut_inputs - 1)) for bits in fields)


def _exponent_bits(shape: Product) -> int:
    """Return the width of the operands of the exponents' adder [bits]; 0 without one."""
    both = shape.weight.shifts and shape.act.shifts
    return max(shape.weight.exponent_bits, shape.act.exponent_bits) if both else 0


def _lowest_bit(shape: Product) -> int:
    """Return 1 if a single exponent needs its lowest bit set where the field is 0."""
    return int(shape.weight.shifts != shape.act.shifts)


def _signs(shape: Product) -> int:
    """Return 1 if the signs of two minifloats meet."""
    return int(shape.weight.has_sign_bit and shape.act.has_sign_bit)


def _plain_shifter(lane: Lane) -> tuple[int, ...]:
    """Return stage, edge, pair, lone and hit of ``lib/shift.sv``."""
    shape, stages = lane.product, lane.fine_stages
    bits, offset, twos = shape.significand_bits, shape.shift_offset, shape.is_twos_complement
    groups = ((offset + shape.greatest_shift) >> stages) + 1
    stage = edge = last = pair = lone = 0
    for i in range(stages):
        is_last = groups == 1 and i == stages - 1
        above = bits + (1 << i) - 1  # below, the value shifted by one more stage; beyond, alone
        width = min(above + (1 << i), shape.term_bits + offset if groups == 1 else 1 << 30)
        low = max(0, min(1 << i, width) - (offset if is_last else 0))
        stage += width - (offset if is_last else 0) - twos
        last = low + (0 if twos else max(0, width - above))
        edge += last
    if groups > 1:
        step = 1 << stages
        for i in range(offset, shape.term_bits + offset):
            terms = sum(0 <= i - j * step < bits + step - 1 for j in range(groups))
            pair, lone = pair + (terms > 1), lone + (terms == 1)
    selects = shape.shift_bits - stages
    hit = 0 if selects <= 2 else groups if selects <= 4 else groups + -(-groups // 4)
    return stage, edge, pair, lone, min(last, lone) if groups == 2 else 0, hit


def _ecp5(lane: Lane) -> Structure:
    """Rows of adders in one chain, a chain for the exponents, a plain shifter."""
    shape = lane.product
    a, w = shape.multiplicand, shape.multiplier
    bits, rows, stride = shape.significand_bits, lane.rows, a.significand_bits + 1
    is_followed = lane.has_shifter and not lane.registers  # by LUTs that have room for a gate
    gates = 0 if is_followed else bits  # of 1-bit significands
    multiply = 0
    if rows:
        for stage in lane.row_stages:  # a chain each
            start = int(w.is_twos_complement and stage.start == rows)
            top = bits - rows if stage.stop > rows else stride
            multiply += 2 * -(-(start + (len(stage) - 1) * stride + top) // 2)
        gates = int(not is_followed)  # a[0] & w[0]
    exponent = _exponent_bits(shape)
    chain = 2 * -(-(exponent + 1) // 2) if exponent else 0
    decode = _zero_decoders(shape, 4) + _lowest_bit(shape)
    return Structure(
        multiply=multiply + gates,
        instantiated=multiply + gates + chain + _signs(shape),
        mapped=(decode, *_plain_shifter(lane)),
    )


def _xilinx(lane: Lane) -> Structure:
    """Booth rows or a table, a chain for the exponents, stages of two bits a LUT."""
    shape = lane.product
    if lane.is_table:
        return Structure(
            multiply=lane.term_bits,
            instantiated=lane.term_bits,
            mapped=(0, 0, _signs(shape)),
        )
    multiply = _booth(lane)
    top = shape.significand_bits + lane.reach + (0 if lane.keeps_top else shape.shift_offset)
    stages = shape.shift_bits - lane.keeps_top
    shifter = sum(-(-min(shape.significand_bits + (2 << i) - 1, top) // 2) for i in range(stages))
    return Structure(
        multiply=multiply,
        instantiated=multiply + _exponent_bits(shape) + shifter,
        mapped=(
            _zero_decoders(shape, 6) + _lowest_bit(shape),
            0 if multiply else shape.significand_bits,
            _signs(shape),
        ),
    )


def _booth(lane: Lane) -> int:
    """Return the LUTs of ``lib/multiply_xilinx.sv``; 0 where it is a row of ANDs."""
    shape = lane.product
    a, w = shape.multiplicand, shape.multiplier
    a_bits, w_bits, bits = a.significand_bits, w.significand_bits, shape.significand_bits
    if not lane.rows:
        return bits - (bits > 1) if w_bits > 1 and a_bits + w_bits <= 6 else 0
    low, digits = booth_first_bits(w), booth_digits(w)
    signed_bits = a_bits + (not a.is_twos_complement)
    first = min(a_bits if low == 2 else signed_bits + 1, bits - 1)
    rows = 0
    for row in range(1, digits + 1):
        start = low + 2 * (row - 1)
        rows += min(signed_bits + 1, bits - start) if row == digits else signed_bits + 1
    return 1 + first + rows


def _portable(lane: Lane) -> Structure:
    """Rows of plain adders, a plain adder for the exponents, a plain shifter."""
    shape = lane.product
    a, w = shape.multiplicand, shape.multiplier
    rows = w.significand_bits - 1
    small = rows == 0 or a.significand_bits == 1
    ands = shape.significand_bits if small else a.significand_bits * w.significand_bits
    add = 0 if small else rows * (a.significand_bits + 1)
    exponent = _exponent_bits(shape)
    return Structure(
        multiply=ands + add,
        instantiated=0,
        mapped=(
            _zero_decoders(shape, 4) + _lowest_bit(shape) + _signs(shape),
            ands,
            add,
            exponent + 1 if exponent else 0,
            *_plain_shifter(lane),
        ),
    )


_STRUCTURES: dict[Style, Callable[[Lane], Structure]] = {
    Style.ECP5: _ecp5,
    Style.XILINX: _xilinx,
    Style.PORTABLE: _portable,
}
