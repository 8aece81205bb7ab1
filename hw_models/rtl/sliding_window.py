"""RTL of sliding windows."""

from hw_models.folding import Pace, window_in_lanes
from hw_models.graph import SlidingWindow
from hw_models.line_buffer import (
    beat_taps,
    buffer_pixels,
    pixel_groups,
)
from hw_models.model import Model
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.memory import ram_style
from hw_models.rtl.node import Fabric, emit_node, module_name
from hw_models.rtl.stream import Port, instance, module_text, stream_pins

SOURCES = ("ram", "window")


@emit_node.register
def _(node: SlidingWindow, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write a sliding window.

    Raises:
        DesignError: Padding as wide as the kernel.
    """
    taken = window_in_lanes(node, pace)
    order = "(tap, channel)" if node.groups == 1 else "(channel, tap)"
    text = module_text(
        module_name(node),
        (
            f"Sliding window {node.name}: {node.kernel[0]}x{node.kernel[1]} windows of a "
            f"{node.height}x{node.width}x{node.channels} image,",
            f"stride {node.stride}, pads {node.pads}, dilation {node.dilation}; "
            f"{node.vectors} windows per frame, elements in {order} order.",
        ),
        (
            Port(
                name="in",
                is_input=True,
                bits=taken * node.act.bits,
                meaning=f"{taken} codes of a pixel, {node.act.name}",
            ),
            Port(
                name="out",
                is_input=False,
                bits=pace.lanes * node.act.bits,
                meaning=f"{pace.lanes} codes of a window, {node.act.name}",
            ),
        ),
        instance(
            "bf_window",
            "window",
            _parameters(node, pace, fabric),
            {"clk": "clk", "rst": "rst", **stream_pins("in", "in"), **stream_pins("out", "out")},
        ),
    )
    sources = tuple(LIBRARY / f"{source}.sv" for source in SOURCES)
    return Rtl(top=module_name(node), text=text, sources=sources)


@latency_cycles.register
def _(node: SlidingWindow, pace: Pace, fabric: Fabric) -> int:
    """Return the clock edge that reads the buffer."""
    return 1


def _parameters(node: SlidingWindow, pace: Pace, fabric: Fabric) -> dict[str, int | str]:
    taken, groups = window_in_lanes(node, pace), pixel_groups(node, pace)
    pixels = buffer_pixels(node, pace)
    depth = pixels << (groups - 1).bit_length()
    return {
        "BITS": node.act.bits,
        "LANES": taken,
        "GROUPS": groups,
        "TAPS": beat_taps(node, pace),
        "DEPTHWISE": int(node.groups > 1),
        "HEIGHT": node.height,
        "WIDTH": node.width,
        "OUT_HEIGHT": node.out_height,
        "OUT_WIDTH": node.out_width,
        "KERNEL_HEIGHT": node.kernel[0],
        "KERNEL_WIDTH": node.kernel[1],
        "STRIDE_DOWN": node.stride[0],
        "STRIDE_RIGHT": node.stride[1],
        "DILATION_DOWN": node.dilation[0],
        "DILATION_RIGHT": node.dilation[1],
        "PAD_TOP": node.pads[0],
        "PAD_LEFT": node.pads[1],
        "PIXELS": pixels,
        "STYLE": ram_style(depth, taken * node.act.bits, fabric),
    }
