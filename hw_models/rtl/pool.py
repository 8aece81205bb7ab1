"""Pools: maxima and exact sums of windows that do not overlap."""

from dse.errors import UnsupportedLayerError
from hw_models.arith.operand import operand
from hw_models.folding import Pace
from hw_models.graph import Pool, PoolKind
from hw_models.model import Model
from hw_models.rtl.cell import LIBRARY, gated_adder
from hw_models.rtl.design import Rtl
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.memory import ram_style
from hw_models.rtl.node import Fabric, check_node, emit_node, module_name
from hw_models.rtl.stream import Port, instance, module_text, stream_pins

_SOURCES = ("operand", "fixed", "order", "fold_counter", "ram", "pool_axis", "pool")


@emit_node.register
def _(node: Pool, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write a pool: a top module around ``lib/pool.sv``."""
    check_node(node)
    code = operand(node.act)
    is_sum = node.reduce is PoolKind.AVERAGE
    bits = node.accumulator_bits if is_sum else code.bits
    folds = node.channels // pace.lanes
    parameters: dict[str, int | str] = {
        "SUM": is_sum,
        "LANES": pace.lanes,
        "FOLDS": folds,
        "CODE_BITS": code.bits,
        "EXP": code.exponent_bits,
        "SIGNED": code.is_signed,
        "FIXED_BITS": code.fixed_bits,
        "BITS": bits,
        "HEIGHT": node.height,
        "WIDTH": node.width,
        "KERNEL_HEIGHT": node.kernel[0],
        "KERNEL_WIDTH": node.kernel[1],
        "STRIDE_HEIGHT": node.stride[0],
        "STRIDE_WIDTH": node.stride[1],
        "TOP": node.pads[0],
        "LEFT": node.pads[1],
        "OUT_HEIGHT": node.out_height,
        "OUT_WIDTH": node.out_width,
        "STYLE": ram_style(node.out_width * folds, pace.lanes * bits, fabric),
    }
    ports = (
        Port(
            name="in",
            is_input=True,
            bits=pace.lanes * code.bits,
            meaning=f"{pace.lanes} code(s) of {node.act.name}, NHWC",
        ),
        Port(
            name="out",
            is_input=False,
            bits=pace.lanes * bits,
            meaning=f"{pace.lanes} {'sum' if is_sum else 'code'}(s) of {bits} bits",
        ),
    )
    pins = {"clk": "clk", "rst": "rst", **stream_pins("in", "in"), **stream_pins("out", "out")}
    body = instance("bf_pool", "pool", parameters, pins)
    name = module_name(node)
    result = "exact sum" if is_sum else "maximum"
    kernel = f"{node.kernel[0]}x{node.kernel[1]}"
    text = module_text(name, (f"{node.name}: {result} of {kernel} windows.",), ports, body)
    sources = (*gated_adder(fabric.style), *(LIBRARY / f"{source}.sv" for source in _SOURCES))
    return Rtl(top=name, text=text, sources=sources)


@latency_cycles.register
def _(node: Pool, pace: Pace, fabric: Fabric) -> int:
    """Return the registers from a window's last pixel to its result."""
    return 3


@check_node.register
def _(node: Pool) -> None:
    """Raise `UnsupportedLayerError` unless windows are apart and each holds a pixel."""
    if not node.is_apart:
        raise UnsupportedLayerError(
            f"{node.name}: a pool of kernel {node.kernel}, stride {node.stride} and dilation "
            f"{node.dilation} has no hardware; windows must not overlap where they are padded and "
            "values may be negative: put a ReLU in front"
        )
    last_row = (node.out_height - 1) * node.stride[0] - node.pads[0]
    last_column = (node.out_width - 1) * node.stride[1] - node.pads[1]
    if (
        node.pads[0] >= node.kernel[0]
        or node.pads[1] >= node.kernel[1]
        or last_row >= node.height
        or last_column >= node.width
    ):
        raise UnsupportedLayerError(
            f"{node.name}: pads {node.pads} leave windows without a pixel; pad by less than the "
            f"kernel {node.kernel}"
        )
