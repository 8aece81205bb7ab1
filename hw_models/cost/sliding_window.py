"""Cost of a sliding window: line buffers and address counters."""

from hw_models.cost.logic import adder_lut, counter_bits
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.node import control_part, node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import SlidingWindow
from hw_models.resources import Part, Resources

_SOURCE = "structural, after FINN's sliding window generator (FINN-R, Blott et al. 2018)"


@node_parts.register
def _(node: SlidingWindow, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a sliding window is made of.

    The buffer holds the image from the first to the last pixel of a window, and one more row step
    while the next is written. Words are as wide as one cycle's elements of a pixel; if a cycle
    takes several pixels, as many banks share the depth.
    """
    word, banks = word_and_banks(node, pace)
    pixels = buffered_pixels(node)
    depth = -(-pixels * node.channels // (word * banks))
    buffer = Memory(depth=depth, width=word * banks * node.act.bits, is_writable=True)
    address = adder_lut(counter_bits(depth * banks), target)
    return (
        memory_part("line buffer", buffer, target),
        Part(
            name="addresses and padding",
            resources=Resources(
                # one address to write, one base plus offset to read
                lut=3 * address + (pace.lanes * node.act.bits if any(node.pads) else 0),
                ff=2 * counter_bits(depth * banks) + pace.lanes * node.act.bits,
            ),
            is_compute=False,
            source=f"{_SOURCE}; {target.coefficients.adder_lut_per_bit.source}",
        ),
        control_part(_counts(node, pace), target),
    )


def word_and_banks(window: SlidingWindow, pace: Pace) -> tuple[int, int]:
    """Return elements per word and words per cycle."""
    word = min(pace.lanes, window.channels)
    return word, -(-pace.lanes // word)


def buffered_pixels(window: SlidingWindow) -> int:
    """Return the pixels a window spans in stream order, plus the row step being written."""
    rows = (window.kernel[0] - 1) * window.dilation[0]
    columns = (window.kernel[1] - 1) * window.dilation[1] + 1
    step = window.stride[0] * window.width if rows else 0
    return min(rows * window.width + columns + step, window.height * window.width)


def _counts(window: SlidingWindow, pace: Pace) -> tuple[int, ...]:
    """Return the ranges of the loop counters, reading side first."""
    word, banks = word_and_banks(window, pace)
    read = (
        window.out_height,
        window.out_width,
        -(-window.taps // banks),
        -(-window.channels // word),
    )
    return (*read, window.height, window.width, -(-window.channels // word))
