"""Top modules of cells with floating-point accumulators: parameters and nothing else."""

from pathlib import Path

from hw_models.arith.cell import Style
from hw_models.arith.float_accumulator import FloatMac, significand_bits
from hw_models.arith.lane import Lane
from hw_models.rtl.cell import LIBRARY, Rtl, lane_parameters, library

_FLOAT = ("normalize", "float_product", "float_accumulate", "float_mac")
_FLOAT_DOT = ("normalize", "float_accumulate", "float_dot")


def float_library(style: Style) -> tuple[Path, ...]:
    """Return the library files that a cell of `style` needs, primitives first."""
    shared = [
        path
        for path in library(style)
        if path.stem in ("operand", "delay")
        or path.stem.startswith("multiply_")
        or "chain" in path.stem
    ]
    return (*shared, *(LIBRARY / f"{name}.sv" for name in _FLOAT))


def emit_float_dot(mac: FloatMac, style: Style = Style.PORTABLE) -> Rtl:
    """Write the top module of a dot product with a floating-point accumulator.

    Its ports are ``clk en clr a w acc``, as ``lib/float_dot.sv`` describes them.

    Args:
        mac: The cell, of several lanes.
        style: Style of the products and of their tree; the accumulator is portable.
    """
    lane = Lane(product=mac.product, style=style, in_mac=False)
    parameters = {"LANES": mac.lanes, **lane_parameters(lane), **_accumulator_parameters(mac)}
    sources = (*library(style), *(LIBRARY / f"{name}.sv" for name in _FLOAT_DOT))
    return _top(mac, "bf_float_dot", parameters, sources)


def emit_float_mac(mac: FloatMac, style: Style = Style.PORTABLE) -> Rtl:
    """Write the top module of a multiply-accumulate cell with a floating-point accumulator.

    Its ports are ``clk en clr a w acc``, as ``lib/float_mac.sv`` describes them.

    Args:
        mac: The cell.
        style: Style of the multiplier and the exponents' sum; the accumulator is portable.
    """
    shape = mac.product
    act, weight = shape.act, shape.weight
    parameters = {
        "A_BITS": act.bits,
        "A_EXP": act.exponent_bits,
        "A_SIGNED": int(act.is_signed),
        "A_SIG": significand_bits(act),
        "W_BITS": weight.bits,
        "W_EXP": weight.exponent_bits,
        "W_SIGNED": int(weight.is_signed),
        "W_SIG": significand_bits(weight),
        "NORMAL": int(not mac.is_fixed),
        **_accumulator_parameters(mac),
    }
    return _top(mac, "bf_float_mac", parameters, float_library(style))


def _accumulator_parameters(mac: FloatMac) -> dict[str, int]:
    """Return the parameters of the accumulator, and of the term that it adds."""
    return {
        "OFFSET": mac.offset,
        "EXP": mac.accumulator.exponent_bits,
        "MAN": mac.accumulator.mantissa_bits,
        "M_BITS": mac.term_bits,
        "E_BITS": mac.exponent_bits,
        "R_BITS": mac.greater_bits,
        "SUBNORMALS": int(mac.has_subnormals),
        "INFINITIES": int(mac.has_infinities),
        "NEGATE": int(mac.negates),
    }


def _top(mac: FloatMac, module: str, parameters: dict[str, int], sources: tuple[Path, ...]) -> Rtl:
    """Write a top module that gives `module` its parameters and passes its ports through."""
    act, weight = mac.product.act, mac.product.weight
    lines = [
        f"// acc <= round((clr ? 0 : acc) + sum of {mac.lanes} a * w), {mac.accumulator.name} "
        "accumulator.",
        f"module {mac.name} (",
        "    input  wire clk,",
        "    input  wire en,",
        "    input  wire clr,",
        f"    input  wire [{mac.lanes * act.bits - 1}:0] a,  // {mac.act.name} activations",
        f"    input  wire [{mac.lanes * weight.bits - 1}:0] w,  // {mac.weight.name} weights",
        f"    output wire [{mac.accumulator.bits - 1}:0] acc  // sign, exponent, mantissa",
        ");",
        f"  {module} #(",
        ",\n".join(f"      .{name}({value})" for name, value in parameters.items()),
        "  ) mac (",
        "      .clk(clk), .en(en), .clr(clr), .a(a), .w(w), .acc(acc)",
        "  );",
        "endmodule",
        "",
    ]
    return Rtl(top=mac.name, text="\n".join(lines), sources=sources)
