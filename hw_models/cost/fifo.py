"""Cost of a FIFO, as ``rtl/lib/fifo.sv`` builds it."""

from collections.abc import Iterator

from hw_models.arith.cell import STYLES, Style
from hw_models.cost.logic import counter_bits, counters_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.target import Target
from hw_models.resources import Part, Resources

_CARRY_BITS = 5
PAIR = 2
"""Words kept in registers side by side; more go to a memory."""


def fifo_parts(name: str, depth: int, bits: int, target: Target) -> Iterator[Part]:
    """Yield what a FIFO of `depth` words of `bits` bits is made of; nothing for depth 0.

    One word is a register. Two are registers with a multiplexer a bit. Further ones are a memory
    with an output register, two addresses and a count of words.
    """
    if depth == 0:
        return
    if depth <= PAIR:
        mux = bits if depth == PAIR else 0
        resources = Resources(lut=mux + 2, ff=depth * (bits + 1))
        source = "structural: registers, a multiplexer a bit between two of them"
    else:
        words = depth - 1
        yield memory_part(name, Memory(depth=words, width=bits, is_writable=True), target)
        counts = (words, words, words + 1)  # where to write and to read, and how many there are
        resources = Resources(
            lut=_control_lut(words, target), ff=sum(map(counter_bits, counts)) + 1
        )
        source = "two addresses and a count, by the depths in tests/hw_models/cost/test_fifo.py"
    yield Part(name=f"{name} FIFO", resources=resources, is_compute=False, source=source)


def _control_lut(words: int, target: Target) -> int:
    """Return the LUTs of the addresses and the count of words of a memory.

    An address counts up, and starts again behind a last word that is no power of two; the count
    goes up and down and is compared at both ends. Yosys 0.70 adds counters of `_CARRY_BITS` bits
    with carry cells where multiplexers cannot be in front of them.
    """
    address, count = counter_bits(words), counter_bits(words + 1)
    starts_again = address if words & (words - 1) else 0
    match STYLES[target.family.name][0]:
        case Style.XILINX:
            return 2 * address + count + starts_again + 2
        case Style.ECP5:
            chains = 2 * (address >= _CARRY_BITS) + (count >= _CARRY_BITS)
            again = 2 * starts_again if address >= _CARRY_BITS else 0
            return 2 * address + 3 * count + again + 4 * chains
        case Style.PORTABLE:
            return counters_lut((words, words, words + 1), target) + 4
