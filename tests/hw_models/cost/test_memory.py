import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_models.cost.memory import (
    Memory,
    MemoryStyle,
    deep_rom,
    memory_part,
    memory_resources,
    memory_style,
)
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES
from hw_models.resources import Resources

XCUP = load_target("xcup", "none")
ECP5 = load_target("ecp5", "none")


def rom(depth, width):
    return Memory(depth=depth, width=width, is_writable=False)


def ram(depth, width):
    return Memory(depth=depth, width=width, is_writable=True)


@pytest.mark.parametrize(
    ("memory", "style"),
    [
        (rom(1, 64), MemoryStyle.WIRES),
        (rom(64, 500), MemoryStyle.LOGIC),
        (rom(65, 16), MemoryStyle.LOGIC),
        (rom(65, 17), MemoryStyle.BLOCK),
        (rom(128, 16), MemoryStyle.LOGIC),
        (rom(129, 1), MemoryStyle.BLOCK),
        (ram(1, 8), MemoryStyle.REGISTERS),
        (ram(64, 8), MemoryStyle.LOGIC),
    ],
)
def test_the_rule_of_amd_families(memory, style):
    assert memory_style(memory, XCUP) is style


@pytest.mark.parametrize(
    ("memory", "style"),
    [
        (rom(16, 500), MemoryStyle.LOGIC),
        (rom(32, 16), MemoryStyle.LOGIC),
        (rom(32, 17), MemoryStyle.BLOCK),
        (rom(33, 1), MemoryStyle.BLOCK),
        (ram(4, 8), MemoryStyle.REGISTERS),
        (ram(5, 8), MemoryStyle.BLOCK),
    ],
)
def test_the_rule_without_lut_ram(memory, style):
    assert memory_style(memory, ECP5) is style


def test_counts_by_hand():
    assert memory_resources(rom(1, 64), XCUP) == Resources()
    assert memory_resources(rom(64, 10), XCUP) == Resources(lut=10, ff=10)
    assert memory_resources(rom(128, 10), XCUP) == Resources(lut=20, ff=10)
    assert memory_resources(ram(64, 6), XCUP) == Resources(lut=8, ff=6)
    assert memory_resources(ram(16, 32), XCUP) == Resources(lut=8 * 3, ff=32)
    # two rows of three RAM64M8, two write enables, and a multiplexer a bit
    assert memory_resources(ram(128, 16), XCUP) == Resources(lut=8 * 6 + 2 + 16, ff=16)
    # three rows of one RAM32M16
    assert memory_resources(ram(96, 5), XCUP) == Resources(lut=8 * 3 + 4 + 5, ff=5)
    assert memory_resources(ram(40, 8), load_target("xc7", "none")).lut == 4 * 3
    assert memory_resources(rom(576, 64), XCUP) == Resources(bram18=4)
    assert memory_resources(rom(32, 10), ECP5) == Resources(lut=30, ff=10)
    assert memory_resources(ram(4, 10), ECP5) == Resources(lut=30, ff=50)
    assert memory_resources(ram(1, 10), ECP5) == Resources(ff=10)
    # six columns of 2048 x 9 hold two rows; a multiplexer a bit, and a bit chooses
    assert memory_resources(rom(4096, 26), ECP5) == Resources(lut=26, ff=1, bram18=6)


@pytest.mark.parametrize("device", list(DEVICES))
@given(depth=st.integers(1, 5000), width=st.integers(1, 300), is_writable=st.booleans())
def test_every_memory_has_a_place_and_a_source(device, depth, width, is_writable):
    target = load_target(device, "none")
    memory = Memory(depth=depth, width=width, is_writable=is_writable)
    part = memory_part("m", memory, target)
    takes_nothing = part.resources == Resources()
    assert takes_nothing == (memory_style(memory, target) is MemoryStyle.WIRES)
    assert f"{depth} x {width} bit" in part.source


@pytest.mark.parametrize("device", list(DEVICES))
@given(depth=st.integers(2, 100_000), width=st.integers(1, 300))
def test_block_ram_holds_what_it_is_given(device, depth, width):
    block_ram = DEVICES[device].block_ram
    layout = block_ram.layout(depth, width)
    assert layout.rows * layout.row_depth >= depth > (layout.rows - 1) * layout.row_depth
    assert layout.blocks * dict(block_ram.shapes)[layout.row_depth] >= layout.rows * width


def test_a_rom_is_deep_where_too_many_rows_would_meet():
    assert deep_rom(rom(2048, 9), ECP5) is None
    assert deep_rom(rom(2049, 9), ECP5).rows == 2
    assert deep_rom(rom(32, 9), ECP5) is None  # in logic
    assert deep_rom(rom(73728, 4), XCUP).rows == 36
    assert deep_rom(rom(7680, 16), load_target("ice40", "none")) is None  # all its blocks
