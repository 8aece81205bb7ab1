"""Cost of an exact addition of two streams of codes."""

from hw_models.arith.operand import operand
from hw_models.cost.logic import adder_lut, shifter_lut
from hw_models.cost.multipliers import decode_lut
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Add
from hw_models.resources import Part, Resources


@node_parts.register
def _(node: Add, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what an addition is made of: each code becomes an integer, and the two are added."""
    bits = node.accumulator_bits
    lut = adder_lut(bits, target)
    for act in node.acts:
        code = operand(act)
        complement = code.has_sign_bit and not target.coefficients.sign_in_adder.value
        lut += decode_lut(code, target) + (code.fixed_bits if complement else 0)
        lut += shifter_lut(code.significand_bits, code.greatest_shift, target)
    return (
        Part(
            name="adders",
            resources=Resources(lut=lut, ff=bits) * pace.lanes,
            is_compute=False,
            source="structural: decode, shifter and one adder bit per bit of the sum",
        ),
        control_part((), target),
    )
