"""Top modules of arithmetic cells: parameters for the library's modules, nothing else."""

from pathlib import Path

from hw_models.arith.cell import Dot, Mac, Style
from hw_models.arith.lane import Lane, cell_lane
from hw_models.rtl.design import Rtl

__all__ = ["LIBRARY", "Rtl", "dot_parameters", "emit_dot", "emit_mac", "gated_adder", "library"]

LIBRARY = Path(__file__).with_name("lib")

_SHARED = ("delay", "operand", "product", "lane", "mac", "tree", "sum", "dot")
_STYLED = {
    Style.PORTABLE: (
        "multiply_portable",
        "exponents_portable",
        "accumulate_portable",
        "add_portable",
        "shift",
    ),
    Style.ECP5: (
        "ecp5_chain",
        "multiply_rows_ecp5",
        "multiply_ecp5",
        "exponents_ecp5",
        "accumulate_ecp5",
        "add_ecp5",
        "shift",
    ),
    Style.XILINX: (
        "xilinx_chain",
        "multiply_xilinx",
        "exponents_xilinx",
        "accumulate_xilinx",
        "add_xilinx",
        "shift_xilinx",
        "table_xilinx",
    ),
}

_GATED_ADDERS = {
    Style.PORTABLE: ("gated_add_portable",),
    Style.ECP5: ("ecp5_chain", "gated_add_ecp5"),
    Style.XILINX: ("xilinx_chain", "gated_add_xilinx"),
}


def gated_adder(style: Style) -> tuple[Path, ...]:
    """Return the library files of an adder with a gate, primitives first."""
    return tuple(LIBRARY / f"{name}.sv" for name in _GATED_ADDERS[style])


def library(style: Style) -> tuple[Path, ...]:
    """Return the library files of `style`, primitives first."""
    return tuple(LIBRARY / f"{name}.sv" for name in (*_STYLED[style], *_SHARED))


def emit_mac(mac: Mac, style: Style) -> Rtl:
    """Write the top module of a multiply-accumulate cell.

    Its ports are ``clk en clr a w acc``, as ``lib/mac.sv`` describes them.
    """
    lane = cell_lane(mac, style)
    parameters = {
        **lane_parameters(lane),
        "KEEP_TOP": int(lane.keeps_top),
        "ACC_BITS": mac.accumulator_bits,
    }
    return _emit(mac, 1, "bf_mac", parameters, style)


def emit_dot(dot: Dot, style: Style) -> Rtl:
    """Write the top module of a dot product.

    Its ports are ``clk en clr a w acc``, as ``lib/dot.sv`` describes them.
    """
    return _emit(dot, dot.lanes, "bf_dot", dot_parameters(dot, style), style)


def dot_parameters(dot: Dot, style: Style) -> dict[str, int]:
    """Return the parameters with which ``bf_dot`` of ``lib/dot.sv`` is `dot`, by name.

    Raises:
        DesignError: Its products have no room for that many registers.
    """
    lane = cell_lane(dot, style)
    return {
        "LANES": dot.lanes,
        "PIPELINED": int(dot.is_pipelined),
        **lane_parameters(lane),
        "REGISTERS": lane.registers,
        "ACC_BITS": dot.accumulator_bits,
    }


def lane_parameters(lane: Lane) -> dict[str, int]:
    """Return the parameters of `lane` that every module with lanes has."""
    shape = lane.product
    return {
        "A_BITS": shape.act.bits,
        "A_EXP": shape.act.exponent_bits,
        "A_SIGNED": int(shape.act.is_signed),
        "W_BITS": shape.weight.bits,
        "W_EXP": shape.weight.exponent_bits,
        "W_SIGNED": int(shape.weight.is_signed),
        "P_BITS": shape.significand_bits,
        "RANGE": shape.greatest_shift,
        "FINE": lane.fine_stages,
        "TABLE": int(lane.is_table),
    }


def _emit(
    cell: Mac | Dot, lanes: int, module: str, parameters: dict[str, int], style: Style
) -> Rtl:
    """Write a top module that gives `module` its parameters and passes its ports through."""
    act_bits, weight_bits = (lanes * x.bits for x in (cell.product.act, cell.product.weight))
    lines = [
        f"// Exact sum of {cell.terms} products, {lanes} a clock; lane 0 in the low bits.",
        f"module {cell.name} (",
        "    input  wire clk,",
        "    input  wire en,  // accumulate now",
        "    input  wire clr,  // start a new sum",
        f"    input  wire [{act_bits - 1}:0] a,  // {cell.act.name} activations",
        f"    input  wire [{weight_bits - 1}:0] w,  // {cell.weight.name} weights",
        f"    output wire [{cell.accumulator_bits - 1}:0] acc  // two's complement",
        ");",
        f"  {module} #(",
        ",\n".join(f"      .{name}({value})" for name, value in parameters.items()),
        "  ) cell_ (",
        "      .clk(clk), .en(en), .clr(clr), .a(a), .w(w), .acc(acc)",
        "  );",
        "endmodule",
        "",
    ]
    return Rtl(top=cell.name, text="\n".join(lines), sources=library(style))
