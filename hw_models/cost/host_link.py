"""Cost of what a board's top has beside the accelerator: ``rtl/lib/host_link.sv`` and its parts."""

from hw_models.cost.target import Target
from hw_models.payload import Payload
from hw_models.protocol import FRAMES_IN_FLIGHT
from hw_models.resources import Resources

_LUT, _FF = 700, 520
"""Upper bounds: six links with beats of 1 to 96 bits took 513 to 680 LUTs and 394 to 510 flip-flops
after synthesis for ecp5 and ice40 (yosys 0.70). LUTs of six inputs do not hold less."""


def host_link_resources(frame: Payload, target: Target) -> Resources:
    """Return what the host link, the reset and the clock take at most.

    Args:
        frame: An input frame; as many as are in flight wait in block RAM.
        target: Family.
    """
    beats = FRAMES_IN_FLIGHT * frame.beats
    blocks = target.family.block_ram.layout(beats, frame.beat_bits).blocks
    return Resources(lut=_LUT, ff=_FF, bram18=blocks)
