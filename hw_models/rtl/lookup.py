"""Requantizers that look the code of a sum up in a table."""

from hw_models.arith.requantize.lookup import Lookup
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.rtl.bisection import hex_lines, requantize_ports
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.memory import rom_is_block
from hw_models.rtl.node import Fabric, module_name
from hw_models.rtl.stream import instance, module_text


def emit_lookup(node: Requantize, pace: Pace, lookup: Lookup, fabric: Fabric) -> Rtl:
    """Write the module that requantizes by `lookup`, `pace.lanes` sums a beat.

    Codes come one clock edge after their sums.
    """
    name = module_name(node)
    bits, out_bits = node.accumulator_bits, node.output.bits
    tables = len(lookup.table)
    folds = node.channels // pace.lanes if tables > 1 else 1
    depth = folds << bits
    is_block = rom_is_block(depth, out_bits, fabric)
    body = [
        "  reg is_full;",
        "  wire advance = !is_full || out_ready;",
        "  assign in_ready = advance;",
        "  assign out_valid = is_full;",
        "  always_ff @(posedge clk) begin",
        "    if (rst) is_full <= 1'b0;",
        "    else if (advance) is_full <= in_valid;",
        "  end",
        f"  wire [{max(1, (folds - 1).bit_length()) - 1}:0] fold;",
        *instance(
            "bf_fold_counter",
            "count",
            {"FOLDS": folds},
            {"clk": "clk", "rst": "rst", "step": "in_valid && in_ready", "fold": "fold"},
        ),
    ]
    memories = {}
    for lane in range(pace.lanes):
        file = f"{name}_{lane if tables > 1 else 0}.hex"
        rows = lookup.table[lane :: pace.lanes] if tables > 1 else lookup.table
        memories[file] = hex_lines(int(code) for code in rows.reshape(-1))
        sum_ = f"in_data[{lane * bits}+:{bits}]"
        body += instance(
            "bf_table",
            f"table{lane}",
            {
                "DEPTH": depth,
                "BITS": out_bits,
                "MEMORY": file,
                "STYLE": "block" if is_block else "logic",
            },
            {
                "clk": "clk",
                "en": "advance",
                "address": f"{{fold, {sum_}}}" if folds > 1 else sum_,
                "data": f"out_data[{lane * out_bits}+:{out_bits}]",
            },
        )
    text = module_text(
        name,
        (f"{node.name}: from exact sums to {node.output.name}, by a table of all sums.",),
        requantize_ports(node, pace),
        body,
    )
    sources = tuple(LIBRARY / f"{source}.sv" for source in ("table", "fold_counter"))
    return Rtl(top=name, text=text, sources=sources, memories=tuple(memories.items()))
