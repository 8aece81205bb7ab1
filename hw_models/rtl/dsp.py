"""Top modules of cells with DSP blocks, and what a module needs to hold such dot products."""

from collections.abc import Sequence
from pathlib import Path

from dse.errors import DesignError
from hw_models.arith.cell import Dot, Mac, Style
from hw_models.arith.dsp import MOST_REGISTERS, DspProducts, Entry, groups, is_table
from hw_models.arith.lane import Lane
from hw_models.rtl.cell import LIBRARY, Rtl, dot_parameters, library

__all__ = ["dot_dsp_parameters", "dsp_library", "emit_dots", "emit_mac_dsp"]

_SHARED = ("magnitude", "dsp_pack", "lane_dsp", "mac_dsp", "dot_dsp")
_BLOCKS = {
    "MULT18X18D": "dsp_ecp5",
    "SB_MAC16": "dsp_ice40",
    "DSP48E1": "dsp_xc7",
    "DSP48E2": "dsp_xcup",
}


def dsp_library(style: Style, block: str) -> tuple[Path, ...]:
    """Return the library files of cells with DSP blocks, primitives first.

    Args:
        style: How the logic around the blocks is written.
        block: Name of the primitive, as `devices` has it; ``"plain"`` for a plain multiplication,
            which any simulator takes.
    """
    own = (_BLOCKS.get(block, "dsp_plain"), *_SHARED)
    return (*library(style), *(LIBRARY / f"{name}.sv" for name in own))


def emit_mac_dsp(mac: Mac, style: Style, way: DspProducts, *, is_plain: bool = False) -> Rtl:
    """Write the top module of a multiply-accumulate cell with a DSP block.

    Its ports are those of `emit_mac`.

    Args:
        mac: The cell.
        style: How the logic around the block is written.
        way: What goes through the block; one product.
        is_plain: Write the block as a plain multiplication.
    """
    parameters = {**_lane_parameters(way, style), "ACC_BITS": mac.accumulator_bits}
    del parameters["COUNT"], parameters["HALVES"]
    body = _instance("bf_mac_dsp", "cell_", parameters, {"a": "a", "w": "w", "acc": "acc"})
    return _top(f"{mac.name}_dsp", mac, (1, 1), body, _sources(style, way, is_plain=is_plain))


def emit_dots(
    dot: Dot, pe: int, style: Style, way: DspProducts | None, *, is_plain: bool = False
) -> Rtl:
    """Write the top module of `pe` dot products of the same activations.

    Its ports are those of `emit_dot`, with the weights and sums of the first dot product in the low
    bits.

    Args:
        dot: Each of them.
        pe: How many.
        style: How the logic is written.
        way: What goes through DSP blocks, and how many products share one; None for no blocks.
        is_plain: Write blocks as plain multiplications.
    """
    body = []
    row, bits = dot.lanes * dot.weight.bits, dot.accumulator_bits
    for first, count in groups(pe, way):
        if way is None:
            module, parameters = "bf_dot", dot_parameters(dot, style)
        else:
            module, parameters = "bf_dot_dsp", dot_dsp_parameters(dot, style, way.sized(count))
        nets = {
            "a": "a",
            "w": f"w[{first * row}+:{count * row}]",
            "acc": f"acc[{first * bits}+:{count * bits}]",
        }
        body += ["  (* keep_hierarchy *)", *_instance(module, f"dots_{first}", parameters, nets)]
    name = f"{dot.name}_pe{pe}" + ("" if way is None else f"_dsp{way.count}")
    sources = library(style) if way is None else _sources(style, way, is_plain=is_plain)
    return _top(name, dot, (dot.lanes, pe), body, sources)


def dot_dsp_parameters(dot: Dot, style: Style, way: DspProducts) -> dict[str, int]:
    """Return the parameters with which ``bf_dot_dsp`` is `way.count` times `dot`, by name.

    Raises:
        DesignError: A block has no room for that many registers.
    """
    if dot.product_registers > MOST_REGISTERS:
        raise DesignError(
            f"products in a {way.block.name} have room for {MOST_REGISTERS} registers, "
            f"not {dot.product_registers}"
        )
    return {
        **_lane_parameters(way, style),
        "LANES": dot.lanes,
        "PIPELINED": int(dot.is_pipelined),
        "REGISTERS": dot.product_registers,
        "ACC_BITS": dot.accumulator_bits,
    }


def _lane_parameters(way: DspProducts, style: Style) -> dict[str, int]:
    shape = way.product
    lane = Lane(product=shape, style=style, in_mac=False)
    return {
        "COUNT": way.count,
        "INTEGERS": int(way.entry is Entry.INTEGERS),
        "HALVES": int(way.is_halved),
        "A_TABLE": int(is_table(shape.act, style)),
        "W_TABLE": int(is_table(shape.weight, style)),
        "A_BITS": shape.act.bits,
        "A_EXP": shape.act.exponent_bits,
        "A_SIGNED": int(shape.act.is_signed),
        "W_BITS": shape.weight.bits,
        "W_EXP": shape.weight.exponent_bits,
        "W_SIGNED": int(shape.weight.is_signed),
        "P_BITS": shape.significand_bits,
        "RANGE": shape.greatest_shift,
        "FINE": lane.fine_stages,
    }


def _sources(style: Style, way: DspProducts, *, is_plain: bool) -> tuple[Path, ...]:
    return dsp_library(style, "plain" if is_plain else way.block.name)


def _instance(
    module: str, name: str, parameters: dict[str, int], nets: dict[str, str]
) -> list[str]:
    pins = ", ".join(f".{port}({net})" for port, net in nets.items())
    values = [f"      .{key}({value})" for key, value in parameters.items()]
    return [
        f"  {module} #(",
        ",\n".join(values),
        f"  ) {name} (",
        f"      .clk(clk), .en(en), .clr(clr), {pins}",
        "  );",
    ]


def _top(
    name: str, cell: Mac | Dot, size: tuple[int, int], body: Sequence[str], sources: Sequence[Path]
) -> Rtl:
    """Write a module around `body`; `size` is how many products make a sum, and how many sums."""
    lanes, pe = size
    act_bits, weight_bits = lanes * cell.act.bits, pe * lanes * cell.weight.bits
    lines = [
        f"// {pe} exact sums of {cell.terms} products, {lanes} a clock; the first in the low bits.",
        f"module {name} (",
        "    input  wire clk,",
        "    input  wire en,  // accumulate now",
        "    input  wire clr,  // start new sums",
        f"    input  wire [{act_bits - 1}:0] a,  // {cell.act.name} activations",
        f"    input  wire [{weight_bits - 1}:0] w,  // {cell.weight.name} weights",
        f"    output wire [{pe * cell.accumulator_bits - 1}:0] acc  // two's complement",
        ");",
        *body,
        "endmodule",
        "",
    ]
    return Rtl(top=name, text="\n".join(lines), sources=tuple(sources))
