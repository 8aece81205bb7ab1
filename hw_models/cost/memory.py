"""Where a memory goes: LUTs, flip-flops or block RAM. The one rule for all of them."""

from dataclasses import dataclass
from enum import StrEnum

from hw_models.cost.contents import distinct_columns, distinct_functions
from hw_models.cost.logic import counter_bits, table_lut
from hw_models.cost.target import Target
from hw_models.devices.base import BlockLayout
from hw_models.resources import Part, Resources


class MemoryStyle(StrEnum):
    """What a memory is made of."""

    WIRES = "wires"  #: Constants of one word
    LOGIC = "logic"  #: LUTs
    REGISTERS = "registers"  #: Flip-flops and multiplexers
    BLOCK = "block"  #: Block RAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A memory to be placed.

    Attributes:
        depth: Words.
        width: Bits per word.
        is_writable: RAM (one read and one write port) or ROM.
    """

    depth: int
    width: int
    is_writable: bool


def memory_style(memory: Memory, target: Target) -> MemoryStyle:
    """Return what `memory` is made of.

    A ROM of one word is wires, a RAM of one word registers. LUTs hold up to `logic_depth` words, or
    twice as many if no wider than `logic_width`; anything deeper goes to block RAM (UG474, use of
    distributed RAM). A RAM without LUT RAM is made of registers up to `register_depth` words.
    """
    coefficients = target.coefficients
    if memory.depth == 1:
        return MemoryStyle.REGISTERS if memory.is_writable else MemoryStyle.WIRES
    if memory.is_writable and not target.family.lut_ram_luts:
        is_small = memory.depth <= coefficients.register_depth.value
        return MemoryStyle.REGISTERS if is_small else MemoryStyle.BLOCK
    depth = coefficients.logic_depth.value
    is_narrow = memory.width <= coefficients.logic_width.value
    is_logic = memory.depth <= (2 * depth if is_narrow else depth)
    return MemoryStyle.LOGIC if is_logic else MemoryStyle.BLOCK


def deep_rom(memory: Memory, target: Target) -> BlockLayout | None:
    """Return how a deep ROM lies in block RAM; `None` for one that is not deep.

    A ROM is deep if its rows are more than can meet in the cycle in which they are read. Where a
    word may come a cycle later, each row gets a register behind its blocks (``rtl/lib/rom.sv``).
    """
    if memory_style(memory, target) is not MemoryStyle.BLOCK:
        return None
    ram = target.family.block_ram
    layout = ram.layout(memory.depth, memory.width)
    return layout if layout.rows > ram.joined_rows else None


def rom_read_cycles(memory: Memory, target: Target) -> int:
    """Return the clock edges in which ``rtl/lib/rom.sv`` reads `memory`."""
    return (memory.depth > 1) + (deep_rom(memory, target) is not None)


def deep_rom_registers(memory: Memory, target: Target) -> int:
    """Return the flip-flops behind the blocks of a deep ROM: rows, and which one; else 0."""
    deep = deep_rom(memory, target)
    return 0 if deep is None else deep.rows * memory.width + counter_bits(deep.rows)


def memory_resources(memory: Memory, target: Target) -> Resources:
    """Return what `memory` takes, with a register behind its read port.

    * Constants: nothing.
    * ROM in LUTs: `table_lut` per bit that no other equals, for arbitrary contents.
    * RAM in LUTs: `_lut_ram_lut`.
    * Registers: a flip-flop per bit, read through multiplexers and one more register.
    * Block RAM: blocks of the best single shape, which have the read register. Rows meet in
      multiplexers, for which the upper bits of the address are registered.
    """
    depth, width = memory.depth, memory.width
    match memory_style(memory, target):
        case MemoryStyle.WIRES:
            return Resources()
        case MemoryStyle.LOGIC if memory.is_writable:
            return Resources(lut=_lut_ram_lut(depth, width, target), ff=width)
        case MemoryStyle.LOGIC:
            whole, halves = distinct_functions(depth, width)
            lut = whole * table_lut(depth, target) + halves * table_lut(-(-depth // 2), target)
            return Resources(lut=lut, ff=word_registers(memory, target))
        case MemoryStyle.REGISTERS:
            return Resources(lut=width * _mux_lut(depth, target), ff=width * (depth + (depth > 1)))
        case MemoryStyle.BLOCK:
            layout = target.family.block_ram.layout(depth, width)
            return Resources(
                lut=width * _mux_lut(layout.rows, target),
                ff=counter_bits(layout.rows),
                bram18=layout.blocks,
            )


def word_registers(memory: Memory, target: Target) -> int:
    """Return the flip-flops of one register behind `memory`: bits that are equal share theirs."""
    match memory_style(memory, target):
        case MemoryStyle.WIRES:
            return 0
        case MemoryStyle.LOGIC if not memory.is_writable:
            return distinct_columns(memory.depth, memory.width)
        case _:
            return memory.width


def _lut_ram_lut(depth: int, width: int, target: Target) -> int:
    """Return the LUTs of a RAM in LUTs, simple dual port.

    Of each memory one LUT takes the write address, the others hold a bit of 64 words or two of 32
    (UG474, UG574). Yosys 0.70 takes the shorter ones where they leave less room unused. Rows meet
    in a multiplexer, and each has a write enable.
    """
    luts = target.family.lut_ram_luts
    rows = -(-depth // 32)
    if rows % 2:
        columns = -(-width // (2 * (luts - 1)))
    else:
        rows, columns = rows // 2, -(-width // (luts - 1))
    joined = width * _mux_lut(rows, target) + 2 * (rows - 1)
    return luts * rows * columns + joined


def _mux_lut(words: int, target: Target) -> int:
    """Return the LUTs that choose one bit among as many `words`.

    A tree of the largest multiplexers that one LUT holds. Where that is one of two inputs, Yosys
    0.70 saves a LUT for every five words: this is 1 off at most up to 24 words, 2 up to 36.
    """
    inputs = 1 << target.coefficients.mux_select_bits.value
    return -(-(words - 1) // (inputs - 1)) if inputs > 2 else words - 1 - words // 5


def memory_part(name: str, memory: Memory, target: Target, copies: int = 1) -> Part:
    """Return the cost of `copies` of `memory` with its source."""
    style = memory_style(memory, target)
    match style:
        case MemoryStyle.WIRES:
            rule = "one word of constants"
        case MemoryStyle.LOGIC:
            rule = target.coefficients.logic_depth.source
        case MemoryStyle.REGISTERS:
            rule = target.coefficients.register_depth.source
        case MemoryStyle.BLOCK:
            rule = f"{target.family.block_ram.name}, {target.family.block_ram.source}"
    return Part(
        name=name,
        resources=memory_resources(memory, target) * copies,
        is_compute=False,
        source=f"{memory.depth} x {memory.width} bit in {style.value}: {rule}",
    )
