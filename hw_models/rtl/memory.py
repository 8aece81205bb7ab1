"""Memories in RTL: what they are made of, and the files their contents are read from."""

import numpy as np
from numpy.typing import NDArray

from hw_models.cost.memory import Memory, MemoryStyle, deep_rom, memory_style
from hw_models.devices.base import BlockLayout
from hw_models.rtl.node import Fabric


def rom_is_block(depth: int, width: int, fabric: Fabric) -> bool:
    """Return whether a ROM of `depth` words of `width` bits goes to block RAM (``lib/rom.sv``)."""
    rom = Memory(depth=depth, width=width, is_writable=False)
    return memory_style(rom, fabric.target) is MemoryStyle.BLOCK


def row_parameters(memory: Memory, fabric: Fabric) -> dict[str, int]:
    """Return the parameters that ``lib/rom.sv`` takes only where `memory` is a deep ROM."""
    deep = deep_rom(memory, fabric.target)
    return {} if deep is None else {"ROWS": deep.rows, "ROW_DEPTH": deep.row_depth}


def rom_words(words: NDArray[np.int64], memory: Memory, fabric: Fabric) -> NDArray[np.int64]:
    """Return `words` of a ROM as ``lib/rom.sv`` reads them from its file."""
    deep = deep_rom(memory, fabric.target)
    return words if deep is None else rows_side_by_side(words, deep)


def rows_side_by_side(words: NDArray[np.int64], layout: BlockLayout) -> NDArray[np.int64]:
    """Return the words of a deep ROM as they lie in block RAM, 0 behind the last (``lib/rom.sv``).

    Args:
        words: Bit patterns, shape `(words, elements)`.
        layout: Word ``row · row_depth + i`` goes to place ``i``; row 0 is in the low elements.

    Returns:
        Shape `(row_depth, rows · elements)`.
    """
    padded = np.zeros((layout.rows * layout.row_depth, words.shape[1]), dtype=np.int64)
    padded[: len(words)] = words
    rows = padded.reshape(layout.rows, layout.row_depth, -1)
    return rows.transpose(1, 0, 2).reshape(layout.row_depth, -1)


def ram_style(depth: int, width: int, fabric: Fabric) -> str:
    """Return what a RAM of `depth` words of `width` bits is made of, as ``lib/ram.sv`` names it."""
    ram = Memory(depth=depth, width=width, is_writable=True)
    match memory_style(ram, fabric.target):
        case MemoryStyle.BLOCK:
            return "block"
        case MemoryStyle.LOGIC:
            return "distributed"
        case _:
            return "registers"


def hex_words(elements: NDArray[np.int64], bits: int) -> str:
    """Return the text that ``$readmemh`` reads: a word a line.

    Args:
        elements: Bit patterns, shape `(words, elements)`; element 0 goes to the low bits.
        bits: Width of an element [bit].
    """
    digits = -(-elements.shape[1] * bits // 4)
    as_bits = (elements[:, :, None] >> np.arange(bits)) & 1
    padded = np.zeros((len(elements), 4 * digits), dtype=np.int64)
    padded[:, : elements.shape[1] * bits] = as_bits.reshape(len(elements), -1)
    nibbles = padded.reshape(len(elements), digits, 4) @ np.array([1, 2, 4, 8])
    lines = ("".join("0123456789abcdef"[nibble] for nibble in word[::-1]) for word in nibbles)
    return "\n".join(lines) + "\n"
