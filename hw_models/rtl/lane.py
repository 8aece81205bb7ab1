"""Top modules that hold many product lanes, to synthesise them in one go."""

from collections.abc import Sequence

from hw_models.arith.lane import Lane
from hw_models.rtl.cell import Rtl, lane_parameters, library

TOP = "lanes"
_BEHIND_A_LANE = ("mac", "tree", "sum", "dot")
_STYLED_BEHIND_A_LANE = ("accumulate_", "add_")


def emit_lane(lane: Lane, name: str) -> str:
    """Write one lane as the module `name`; its ports are those of ``lib/lane.sv``."""
    act, weight = lane.product.act, lane.product.weight
    parameters = {
        **lane_parameters(lane),
        "KEEP_TOP": int(lane.keeps_top),
        "REGISTERS": lane.registers,
        "M_BITS": lane.term_bits,
    }
    lines = [
        "(* keep_hierarchy *)",
        f"module {name} (",
        "    input  wire clk,",
        f"    input  wire [{act.bits - 1}:0] a,",
        f"    input  wire [{weight.bits - 1}:0] w,",
        f"    output wire [{lane.term_bits - 1}:0] m,",
        "    output wire far,",
        "    output wire s",
        ");",
        "  bf_lane #(",
        ",\n".join(f"      .{key}({value})" for key, value in parameters.items()),
        "  ) lane (",
        "      .clk(clk), .a(a), .w(w), .m(m), .far(far), .s(s)",
        "  );",
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def lane_name(position: int) -> str:
    """Return the name of the module that holds the lane at `position` of `emit_lanes`."""
    return f"lane_{position}"


def emit_lanes(lanes: Sequence[Lane]) -> Rtl:
    """Write a design of `lanes` of one style side by side, each a module that stays one.

    Its sources are the library files that lanes need: what stands behind them plays no part.
    """
    ports, instances = ["    input  wire clk"], []
    for i, lane in enumerate(lanes):
        shape = lane.product
        ports += [
            f"    input  wire [{shape.act.bits - 1}:0] a{i}",
            f"    input  wire [{shape.weight.bits - 1}:0] w{i}",
            f"    output wire [{lane.term_bits - 1}:0] m{i}",
            f"    output wire far{i}",
            f"    output wire s{i}",
        ]
        pins = f".clk(clk), .a(a{i}), .w(w{i}), .m(m{i}), .far(far{i}), .s(s{i})"
        instances.append(f"  {lane_name(i)} instance_{i} ({pins});")
    top = [f"module {TOP} (", ",\n".join(ports), ");", *instances, "endmodule", ""]
    modules = [emit_lane(lane, lane_name(i)) for i, lane in enumerate(lanes)]
    sources = tuple(
        path
        for path in library(lanes[0].style)
        if path.stem not in _BEHIND_A_LANE and not path.stem.startswith(_STYLED_BEHIND_A_LANE)
    )
    return Rtl(top=TOP, text="\n".join([*modules, *top]), sources=sources)
