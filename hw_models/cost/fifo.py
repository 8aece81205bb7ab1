"""Cost of a FIFO, as ``rtl/lib/fifo.sv`` builds it."""

from collections.abc import Iterator

from hw_models.cost.logic import counter_bits, counters_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.target import Target
from hw_models.resources import Part, Resources

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
            lut=counters_lut(counts, target) + 4, ff=sum(map(counter_bits, counts)) + 1
        )
        source = target.coefficients.counter_lut_per_bit.source
    yield Part(name=f"{name} FIFO", resources=resources, is_compute=False, source=source)
