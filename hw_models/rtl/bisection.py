"""Requantizers that bisect thresholds: comparators in a row, each with a memory for every lane."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from hw_models.arith.operand import operand
from hw_models.arith.requantize.thresholds import Bisection, ThresholdUnit, threshold_units
from hw_models.cost.bisection import threshold_memory
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.memory import rom_is_block
from hw_models.rtl.node import Fabric, module_name
from hw_models.rtl.stream import Port, instance, module_text

SOURCES = ("table", "order", "fold_counter", "threshold", "threshold_control")


def emit_bisection(node: Requantize, pace: Pace, bisection: Bisection, fabric: Fabric) -> Rtl:
    """Write the module that requantizes by `bisection`, `pace.lanes` sums a beat.

    Codes come 1 + 3 · (bits of a code) clock edges after their sums.
    """
    name = module_name(node)
    units = threshold_units(node.output, pace.cycles)
    folds = node.channels // pace.lanes
    fold_bits = max(1, (folds - 1).bit_length())
    body = [
        *_head(node, pace, fold_bits, units),
        *instance(
            "bf_fold_counter",
            "count",
            {"FOLDS": folds},
            {"clk": "clk", "rst": "rst", "step": "in_valid && in_ready", "fold": "fold0"},
        ),
    ]
    memories = []
    for number, unit in enumerate(units):
        body += _unit(node, pace, unit, number, fold_bits, name, fabric)
        for lane in range(pace.lanes):
            channels = range(lane, node.channels, pace.lanes)
            words = [word for channel in channels for word in bisection.words(unit, channel)]
            memories.append((_file(name, number, lane), hex_lines(words)))
    body += _codes(node, pace, bisection, len(units))
    text = module_text(
        name,
        (
            f"{node.name}: from exact sums to {node.output.name}, by bisection in {len(units)} "
            "comparator(s) a lane.",
        ),
        requantize_ports(node, pace),
        body,
    )
    sources = tuple(LIBRARY / f"{source}.sv" for source in SOURCES)
    return Rtl(top=name, text=text, sources=sources, memories=tuple(memories))


def requantize_ports(node: Requantize, pace: Pace) -> tuple[Port, Port]:
    """Return the streams of a requantizer."""
    return (
        Port(
            name="in",
            is_input=True,
            bits=pace.lanes * node.accumulator_bits,
            meaning=f"{pace.lanes} sum(s) of {node.accumulator_bits} bits",
        ),
        Port(
            name="out",
            is_input=False,
            bits=pace.lanes * node.output.bits,
            meaning=f"{pace.lanes} code(s) of {node.output.name}",
        ),
    )


def reversal(turned: NDArray[np.bool_], lane: int, fold: str) -> tuple[list[str], str]:
    """Return a lane's constant that tells which folds are reversed, and a fold's bit of it.

    Args:
        turned: Whether the lane's channel is reversed, shape `(folds,)`.
        lane: Its number.
        fold: Signal that holds the fold.

    Returns:
        Lines that declare the constant, and the expression; neither if no channel is reversed.
    """
    if not turned.any():
        return [], ""
    flags = "".join("1" if flag else "0" for flag in turned[::-1])
    declared = f"  localparam logic [{len(flags) - 1}:0] REVERSED{lane} = {len(flags)}'b{flags};"
    return [declared], f"REVERSED{lane}[{fold}]"


def hex_lines(words: Iterable[int]) -> str:
    """Return words of a memory as ``$readmemh`` reads them, one a line."""
    return "".join(f"{word:x}\n" for word in words)


def _file(name: str, unit: int, lane: int) -> str:
    return f"{name}_{unit}_{lane}.hex"


def _head(
    node: Requantize, pace: Pace, fold_bits: int, units: tuple[ThresholdUnit, ...]
) -> Iterator[str]:
    """Yield the wires between the comparators; number i is in front of comparator i."""
    yield "  reg is_full;"
    yield f"  reg [{pace.lanes * node.output.bits - 1}:0] codes;"
    yield "  wire advance = !is_full || out_ready;  // the whole pipeline"
    for number in range(len(units) + 1):
        found = units[number - 1].before + units[number - 1].steps if number else 1
        sums = " = in_data;" if number == 0 else ";"
        yield f"  wire [{pace.lanes * node.accumulator_bits - 1}:0] sums{number}{sums}"
        yield f"  wire [{pace.lanes * found - 1}:0] found{number}{' = 0;' if number == 0 else ';'}"
        yield f"  wire valid{number}{' = in_valid;' if number == 0 else ';'}"
        yield f"  wire [{fold_bits - 1}:0] fold{number};"
    yield "  wire enter0;"
    yield "  assign in_ready = advance && enter0;"
    yield "  assign out_valid = is_full;"
    yield "  assign out_data = codes;"


def _unit(
    node: Requantize,
    pace: Pace,
    unit: ThresholdUnit,
    number: int,
    fold_bits: int,
    name: str,
    fabric: Fabric,
) -> Iterator[str]:
    """Yield one comparator: its control and its lanes."""
    bits, before = node.accumulator_bits, max(1, unit.before)
    found = unit.before + unit.steps
    lasts, enter = f"last{number}", "enter0" if number == 0 else f"enter{number}"
    if number:
        yield f"  wire {enter};  // always in time"
    yield f"  wire [{pace.lanes - 1}:0] {lasts};"
    yield f"  wire [{fold_bits - 1}:0] first_fold{number};"
    yield from instance(
        "bf_threshold_control",
        f"control{number}",
        {"FOLD_BITS": fold_bits},
        {
            "clk": "clk",
            "rst": "rst",
            "advance": "advance",
            "in_valid": f"valid{number}",
            "in_fold": f"fold{number}",
            "last": f"{lasts}[0]",
            "enter": enter,
            "fold": f"first_fold{number}",
            "leave": f"valid{number + 1}",
            "out_fold": f"fold{number + 1}",
        },
    )
    memory = threshold_memory(node, pace, unit)
    is_block = rom_is_block(memory.depth, memory.width, fabric)
    for lane in range(pace.lanes):
        yield from instance(
            "bf_threshold",
            f"threshold{number}_{lane}",
            {
                "BITS": bits,
                "BEFORE": unit.before,
                "STEPS": unit.steps,
                "FOLDS": node.channels // pace.lanes,
                "MEMORY": _file(name, number, lane),
                "STYLE": "block" if is_block else "logic",
            },
            {
                "clk": "clk",
                "advance": "advance",
                "enter": enter,
                "fold": f"first_fold{number}",
                "in_sum": f"sums{number}[{lane * bits}+:{bits}]",
                "in_found": f"found{number}[{lane * before}+:{before}]",
                "last": f"{lasts}[{lane}]",
                "out_sum": f"sums{number + 1}[{lane * bits}+:{bits}]",
                "out_found": f"found{number + 1}[{lane * found}+:{found}]",
            },
        )


def _codes(node: Requantize, pace: Pace, bisection: Bisection, last: int) -> Iterator[str]:
    """Yield what makes codes of positions, and the register they wait in."""
    bits, code = node.output.bits, operand(node.output)
    yield f"  wire [{pace.lanes * bits - 1}:0] next_codes;"
    for lane in range(pace.lanes):
        turned = bisection.is_reversed[lane :: pace.lanes]
        declared, is_turned = reversal(turned, lane, f"fold{last}")
        yield from declared
        place = f"found{last}[{lane * bits}+:{bits}]"
        if is_turned:
            place += f" ^ {{{bits}{{{is_turned}}}}}"
        yield from instance(
            "bf_order",
            f"order{lane}",
            {
                "BITS": bits,
                "SIGNED": int(code.is_signed),
                "SIGN_BESIDE": int(code.has_sign_bit),
            },
            {"x": place, "y": f"next_codes[{lane * bits}+:{bits}]"},
        )
    yield "  always_ff @(posedge clk) begin"
    yield "    if (rst) is_full <= 1'b0;"
    yield f"    else if (advance) is_full <= valid{last};"
    yield "    if (advance) codes <= next_codes;"
    yield "  end"
