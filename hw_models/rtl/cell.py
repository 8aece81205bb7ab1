"""Top modules of arithmetic cells: parameters for the library's modules, nothing else."""

from dataclasses import dataclass
from pathlib import Path

from hw_models.arith.cell import Mac, Style, fine_stages, fits_table

LIBRARY = Path(__file__).with_name("lib")

_SHARED = ("operand", "product", "mac")
_STYLED = {
    Style.PORTABLE: ("multiply_portable", "exponents_portable", "accumulate_portable", "shift"),
    Style.ECP5: ("ecp5_chain", "multiply_ecp5", "exponents_ecp5", "accumulate_ecp5", "shift"),
    Style.XILINX: (
        "xilinx_chain",
        "multiply_xilinx",
        "exponents_xilinx",
        "accumulate_xilinx",
        "shift_xilinx",
        "table_xilinx",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rtl:
    """A design in SystemVerilog.

    Args:
        top: Name of its top module.
        text: The top module.
        sources: Library files it needs, primitives first.
    """

    top: str
    text: str
    sources: tuple[Path, ...]


def library(style: Style) -> tuple[Path, ...]:
    """Return the library files of `style`, primitives first."""
    return tuple(LIBRARY / f"{name}.sv" for name in (*_STYLED[style], *_SHARED))


def emit_mac(mac: Mac, style: Style) -> Rtl:
    """Write the top module of a multiply-accumulate cell.

    Its ports are ``clk en clr a w acc``, as ``lib/mac.sv`` describes them.
    """
    shape = mac.product
    act, weight = shape.act, shape.weight
    table = style is Style.XILINX and fits_table(shape)
    parameters = {
        "A_BITS": act.bits,
        "A_EXP": act.exponent_bits,
        "A_SIGNED": int(act.is_signed),
        "W_BITS": weight.bits,
        "W_EXP": weight.exponent_bits,
        "W_SIGNED": int(weight.is_signed),
        "P_BITS": shape.significand_bits,
        "RANGE": shape.greatest_shift,
        "FINE": fine_stages(shape),
        "KEEP_TOP": int(style is Style.XILINX and shape.shift_bits > 0 and not table),
        "TABLE": int(table),
        "ACC_BITS": mac.accumulator_bits,
    }
    lines = [
        f"// acc <= (clr ? 0 : acc) + a * w, {mac.terms} terms.",
        f"module {mac.name} (",
        "    input  wire clk,",
        "    input  wire en,",
        "    input  wire clr,",
        f"    input  wire [{act.bits - 1}:0] a,  // {mac.act.name} activation",
        f"    input  wire [{weight.bits - 1}:0] w,  // {mac.weight.name} weight",
        f"    output wire [{mac.accumulator_bits - 1}:0] acc  // two's complement",
        ");",
        "  bf_mac #(",
        ",\n".join(f"      .{name}({value})" for name, value in parameters.items()),
        "  ) mac (",
        "      .clk(clk), .en(en), .clr(clr), .a(a), .w(w), .acc(acc)",
        "  );",
        "endmodule",
        "",
    ]
    return Rtl(top=mac.name, text="\n".join(lines), sources=library(style))
