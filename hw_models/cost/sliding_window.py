"""Cost of a sliding window: line buffers, address counters, masks of the padding."""

from dataclasses import replace

from hw_models.cost.logic import counter_bits
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.node import node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace, window_in_lanes
from hw_models.graph import SlidingWindow
from hw_models.line_buffer import beat_taps, buffer_pixels, pixel_groups, span_pixels
from hw_models.resources import Part, Resources

_SURPLUS_LUT, _COUNTER_LUT = 4, 3
_FIT = (
    "fitted to 14 windows (kernels 1, 3, 5; 1 to 64 channels; up to 9 taps a beat) on ecp5 and as "
    "many on ice40: 9 and 7 % mean error"
)


@node_parts.register
def _(node: SlidingWindow, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what ``lib/window.sv`` is made of.

    Every pixel of a beat has a copy of the circular buffer, for each is read at an address of its
    own. A copy holds a power of two of pixels, and a power of two of words for each.
    """
    depth = buffer_pixels(node, pace) << counter_bits(pixel_groups(node, pace))
    copy = memory_part(
        "line buffer",
        Memory(depth=depth, width=window_in_lanes(node, pace) * node.act.bits, is_writable=True),
        target,
    )
    copies = beat_taps(node, pace)
    masked = pace.lanes * node.act.bits if any(node.pads) else 0
    return (
        replace(copy, resources=copy.resources * copies, source=f"{copies} x {copy.source}"),
        Part(
            name="padding",
            resources=Resources(lut=masked, ff=copies if masked else 0),
            is_compute=False,
            source="structural: a gate for each bit given",
        ),
        _control(node, pace),
    )


def _control(node: SlidingWindow, pace: Pace) -> Part:
    """Return the counters: of loops, and of pixels written beyond the window and the frame."""
    groups, pixels = pixel_groups(node, pace), buffer_pixels(node, pace)
    folds = node.taps // beat_taps(node, pace)
    loops = (node.out_height, node.out_width, folds, groups, groups)
    counters = sum(counter_bits(count) for count in loops)
    before = node.pads[0] * node.width + node.pads[1]
    farthest = pixels + 2 * (span_pixels(node) + before + (node.stride[0] + 1) * node.width)
    surplus = counter_bits(farthest) + 1 + counter_bits(pixels + node.height * node.width) + 1
    return Part(
        name="control",
        resources=Resources(
            lut=_SURPLUS_LUT * surplus + _COUNTER_LUT * counters,
            ff=surplus + counters + 2 * counter_bits(pixels) + 1,
        ),
        is_compute=False,
        source=f"bits of the counters of lib/window.sv: {_FIT}",
    )
