"""Requantizers that multiply: offset, serial multiplication, rounding, and a table of marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hw_models.arith.operand import operand
from hw_models.arith.requantize.order import codes_by_place
from hw_models.arith.requantize.scale_round import (
    ScaleRound,
    address_stages,
    code_stages,
    first_bits,
    offset_bits,
    parameter_bits,
    row_steps,
    scale_bits,
    total_bits,
)
from hw_models.cost.memory import Memory, rom_read_cycles
from hw_models.cost.scale_round import first_memory, parameter_memory
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.rtl.bisection import hex_lines, requantize_ports, reversal
from hw_models.rtl.cell import LIBRARY, gated_adder
from hw_models.rtl.design import Rtl
from hw_models.rtl.memory import hex_words, rom_is_block, rom_words, row_parameters
from hw_models.rtl.node import Fabric, module_name
from hw_models.rtl.stream import instance, module_text

_SOURCES = (
    *("table", "rom", "order", "fold_counter", "scale_control", "scale_rows"),
    *("scale_integer", "scale_minifloat"),
)
_CLOCK = {"clk": "clk", "advance": "advance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """Widths of a lane [bit]."""

    sum: int
    code: int

    @property
    def x(self) -> int:
        """A sum with its offset."""
        return offset_bits(self.sum)

    @property
    def scale(self) -> int:
        """A scale, and a bias."""
        return scale_bits(self.sum)

    @property
    def total(self) -> int:
        """The part of a product that is still added to."""
        return total_bits(self.sum)

    @property
    def point(self) -> int:
        """A scaled sum."""
        return self.total + self.scale

    @property
    def first(self) -> int:
        """The low bits of a sum that are compared near a mark."""
        return first_bits(self.sum)

    @property
    def word(self) -> int:
        """Parameters of a channel: offset, bias, scale."""
        return parameter_bits(self.sum)


def scale_latency_cycles(node: Requantize, pace: Pace, target: Target) -> int:
    """Return the clock edges from a sum to its code.

    Two in front of the multiplication, one for each bit of the scale, and `address_stages` and
    `code_stages` behind it.
    """
    behind = _stages_behind(node, pace, target)
    return 2 + scale_bits(node.accumulator_bits) + address_stages(node.output) + behind


def _stages_behind(node: Requantize, pace: Pace, target: Target) -> int:
    return code_stages(node.output, rom_read_cycles(first_memory(node, pace), target))


def emit_scale_round(node: Requantize, pace: Pace, line: ScaleRound, fabric: Fabric) -> Rtl:
    """Write the module that requantizes by `line`, `pace.lanes` sums a beat.

    Codes come `scale_latency_cycles` after their sums.
    """
    name, lanes = module_name(node), pace.lanes
    folds = node.channels // lanes
    fold_bits = max(1, (folds - 1).bit_length())
    widths = _Widths(sum=node.accumulator_bits, code=node.output.bits)
    steps = row_steps(node.accumulator_bits, pace.cycles)
    firsts = [f"{name}_first_{lane}.hex" for lane in range(lanes)]
    body = [
        *_front(node, pace, widths, f"{name}_scales.hex", fold_bits, fabric),
        *_offsets(lanes, widths, line),
        *_rows(lanes, widths, steps, fold_bits),
        *_control(node, pace, fold_bits, len(steps), fabric.target),
    ]
    table = first_memory(node, pace)
    for lane, file in enumerate(firsts):
        body += _code(line, widths, lane, len(steps), rom_read_cycles(table, fabric.target))
        body += _marks(table, lane, folds, file, fabric)
    columns = (line.first[lane::lanes].reshape(-1, 1) for lane in range(lanes))
    words = [rom_words(column, table, fabric) for column in columns]
    memories = [(f"{name}_scales.hex", hex_lines(_words(line, lanes, widths)))]
    memories += [(f, hex_words(rows, table.width)) for f, rows in zip(firsts, words, strict=True)]
    text = module_text(
        name,
        (f"{node.name}: from exact sums to {node.output.name}, by multiplication and rounding.",),
        requantize_ports(node, pace),
        body,
    )
    sources = (*gated_adder(fabric.style), *(LIBRARY / f"{source}.sv" for source in _SOURCES))
    return Rtl(top=name, text=text, sources=sources, memories=tuple(memories))


def _words(line: ScaleRound, lanes: int, widths: _Widths) -> Iterator[int]:
    """Yield the parameters of each fold, lane 0 in the low bits."""
    for first in range(0, len(line.scales), lanes):
        word = 0
        for lane in range(lanes):
            channel = first + lane
            fields = (
                (int(line.scales[channel]), widths.scale),
                (int(line.biases[channel]), widths.scale),
                (int(line.offsets[channel]) & ((1 << widths.x) - 1), widths.x),
            )
            at = lane * widths.word
            for value, bits in fields:
                word |= value << at
                at += bits
        yield word


def _front(
    node: Requantize, pace: Pace, widths: _Widths, file: str, fold_bits: int, fabric: Fabric
) -> Iterator[str]:
    """Yield the stages that hold sums while their parameters are read, and add the offsets."""
    lanes, folds = pace.lanes, node.channels // pace.lanes
    memory = parameter_memory(node, pace)
    yield "  reg is_full, valid1, valid2;"
    yield f"  reg [{lanes * widths.sum - 1}:0] sums1, sums2;"
    yield f"  reg [{fold_bits - 1}:0] fold1, fold2;"
    yield f"  wire [{fold_bits - 1}:0] fold0;"
    yield f"  wire [{lanes * widths.word - 1}:0] word1;"
    yield f"  reg [{lanes * widths.word - 1}:0] word2;"
    yield "  wire load0;"
    yield "  wire advance = !is_full || out_ready;  // the whole pipeline"
    yield "  wire moves = advance && (!valid2 || load0);"
    yield "  wire takes = advance && (!valid1 || moves);"
    yield "  assign in_ready = takes;"
    yield "  assign out_valid = is_full;"
    yield "  always_ff @(posedge clk) begin"
    yield "    if (rst) valid1 <= 1'b0;"
    yield "    else if (takes) valid1 <= in_valid;"
    yield "    if (rst) valid2 <= 1'b0;"
    yield "    else if (moves) valid2 <= valid1;"
    yield "    if (takes) {sums1, fold1} <= {in_data, fold0};"
    yield "    if (moves) {sums2, fold2, word2} <= {sums1, fold1, word1};"
    yield "  end"
    yield from instance(
        "bf_fold_counter",
        "count",
        {"FOLDS": folds},
        {"clk": "clk", "rst": "rst", "step": "takes && in_valid", "fold": "fold0"},
    )
    yield from instance(
        "bf_table",
        "scales",
        {
            "DEPTH": folds,
            "BITS": lanes * widths.word,
            "MEMORY": file,
            "STYLE": "block" if rom_is_block(memory.depth, memory.width, fabric) else "logic",
        },
        {"clk": "clk", "en": "takes", "address": "fold0", "data": "word1"},
    )


def _offsets(lanes: int, widths: _Widths, line: ScaleRound) -> Iterator[str]:
    """Yield the operands of the multiplication: sums with their offsets, biases, scales."""
    for part, bits in (("x", widths.x), ("total", widths.total)):
        yield f"  wire [{lanes * bits - 1}:0] {part}0;"
    yield f"  wire [{lanes * widths.scale - 1}:0] factor0;"
    for lane in range(lanes):
        sums, at = f"sums2[{lane * widths.sum}+:{widths.sum}]", lane * widths.word
        offset = at + 2 * widths.scale
        declared, is_turned = reversal(line.is_reversed[lane::lanes], lane, "fold2")
        yield from declared
        turn = f" ^ {{{widths.sum}{{{is_turned}}}}}" if is_turned else ""
        yield f"  wire [{widths.sum - 1}:0] turned{lane} = {sums}{turn};"
        sign = f"{{{widths.x - widths.sum}{{turned{lane}[{widths.sum - 1}]}}}}"
        yield f"  assign x0[{lane * widths.x}+:{widths.x}] ="
        yield f"      {{{sign}, turned{lane}}} + word2[{offset}+:{widths.x}];"
        yield f"  assign total0[{lane * widths.total}+:{widths.total}] ="
        zeros = widths.total - widths.scale
        yield f"      {{{zeros}'d0, word2[{at + widths.scale}+:{widths.scale}]}};"
        yield f"  assign factor0[{lane * widths.scale}+:{widths.scale}] ="
        yield f"      word2[{at}+:{widths.scale}];"


def _rows(lanes: int, widths: _Widths, steps: Sequence[int], fold_bits: int) -> Iterator[str]:
    """Yield the serial multiplications, one behind the other."""
    parts = {"x": widths.x, "total": widths.total, "factor": widths.scale}
    for number, count in enumerate(steps):
        after = number + 1
        for part, bits in parts.items():
            yield f"  wire [{lanes * bits - 1}:0] {part}{after};"
        yield f"  wire leave{after};"
        yield f"  wire [{fold_bits - 1}:0] row_fold{after};"
        if number:
            yield f"  wire load{number};  // always in time"
        yield from instance(
            "bf_scale_control",
            f"control{number}",
            {"STEPS": count, "FOLD_BITS": fold_bits},
            {
                **_CLOCK,
                "rst": "rst",
                "in_valid": f"leave{number}" if number else "valid2",
                "in_fold": f"row_fold{number}" if number else "fold2",
                "load": f"load{number}",
                "leave": f"leave{after}",
                "fold": f"row_fold{after}",
            },
        )
        for lane in range(lanes):
            pins = {**_CLOCK, "load": f"load{number}"}
            for part, bits in parts.items():
                out = part if part == "x" else f"out_{part}"
                pins[f"in_{part}"] = f"{part}{number}[{lane * bits}+:{bits}]"
                pins[out] = f"{part}{after}[{lane * bits}+:{bits}]"
            widths_of_rows = {"X": widths.x, "TOTAL": widths.total, "FACTOR": widths.scale}
            yield from instance("bf_scale_rows", f"rows{number}_{lane}", widths_of_rows, pins)


def _control(
    node: Requantize, pace: Pace, fold_bits: int, last: int, target: Target
) -> Iterator[str]:
    """Yield what goes along behind the products: valid bits and folds; and the codes' register."""
    stages, behind = address_stages(node.output), _stages_behind(node, pace, target)
    yield f"  reg [{stages + behind - 2}:0] valid_behind;"
    yield f"  reg [{stages * fold_bits - 1}:0] folds_behind;"
    yield f"  wire [{fold_bits - 1}:0] fold_of_mark ="
    yield f"      folds_behind[{(stages - 1) * fold_bits}+:{fold_bits}];"
    yield f"  wire [{pace.lanes * node.output.bits - 1}:0] next_codes;"
    yield f"  reg [{pace.lanes * node.output.bits - 1}:0] codes;"
    yield "  assign out_data = codes;"
    yield "  always_ff @(posedge clk) begin"
    yield "    if (rst) {is_full, valid_behind} <= '0;"
    yield f"    else if (advance) {{is_full, valid_behind}} <= {{valid_behind, leave{last}}};"
    yield "    if (advance) begin"
    yield f"      folds_behind <= {{folds_behind, row_fold{last}}};"
    yield "      codes <= next_codes;"
    yield "    end"
    yield "  end"


def _code(
    line: ScaleRound, widths: _Widths, lane: int, last: int, read_cycles: int
) -> Iterator[str]:
    """Yield what makes codes of one lane's scaled sums."""
    code, bits = operand(line.output), widths.code
    common = {
        "BITS": widths.point,
        "SHIFT": line.shift,
        "WINDOW": line.window,
        "FIRST": widths.first,
        "READ": read_cycles,
        "SIGNED": int(code.is_signed),
    }
    if code.is_minifloat:
        middle = 1 << (bits - 1) if code.is_signed else 0
        ends = line.low, line.low + line.steps
        lowest, highest = (int(pattern) for pattern in codes_by_place(line.output)[list(ends)])
        module, parameters = (
            "bf_scale_minifloat",
            {
                "EXP": code.exponent_bits,
                "MAN": code.significand_bits - 1,
                "LOWEST": ends[0] - middle,
                "HIGHEST": ends[1] - middle,
                "LOWEST_CODE": lowest,
                "HIGHEST_CODE": highest,
            },
        )
    else:
        module = "bf_scale_integer"
        parameters = {"CODE": bits, "LOW": line.low, "STEPS": line.steps}
    total = f"total{last}[{lane * widths.total}+:{widths.total}]"
    factor = f"factor{last}[{lane * widths.scale}+:{widths.scale}]"
    yield f"  wire [{bits - 1}:0] mark{lane};"
    yield f"  wire [{widths.first - 1}:0] first{lane};"
    yield from instance(
        module,
        f"code{lane}",
        {**common, **parameters},
        {
            **_CLOCK,
            "point": f"{{{total}, {factor}}}",
            "x": f"x{last}[{lane * widths.x}+:{widths.first}]",
            "address": f"mark{lane}",
            "first": f"first{lane}",
            "code": f"next_codes[{lane * bits}+:{bits}]",
        },
    )


def _marks(table: Memory, lane: int, folds: int, file: str, fabric: Fabric) -> list[str]:
    """Return the table of one lane's first sums at each mark."""
    return instance(
        "bf_rom",
        f"firsts{lane}",
        {
            "DEPTH": table.depth,
            "BITS": table.width,
            "FILE": file,
            "BLOCK": int(rom_is_block(table.depth, table.width, fabric)),
            **row_parameters(table, fabric),
        },
        {
            "clk": "clk",
            "en": "advance",
            "address": f"{{fold_of_mark, mark{lane}}}" if folds > 1 else f"mark{lane}",
            "data": f"first{lane}",
        },
    )
