"""Additions of two streams."""

from hw_models.arith.operand import operand
from hw_models.folding import Pace
from hw_models.graph import Add
from hw_models.model import Model
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.node import Fabric, emit_node, module_name
from hw_models.rtl.stream import Port, instance, module_text, stream_pins


@emit_node.register
def _(node: Add, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write an addition: a top module around ``lib/stream_add.sv``."""
    ports = []
    parameters: dict[str, int | str] = {"LANES": pace.lanes}
    for port, (letter, act, shift) in enumerate(zip("XY", node.acts, node.shifts, strict=True)):
        code = operand(act)
        parameters |= {
            f"{letter}_CODE": code.bits,
            f"{letter}_EXP": code.exponent_bits,
            f"{letter}_SIGNED": code.is_signed,
            f"{letter}_BITS": code.fixed_bits,
            f"{letter}_SHIFT": shift,
        }
        ports.append(
            Port(
                name=f"in{port}",
                is_input=True,
                bits=pace.lanes * code.bits,
                meaning=f"{pace.lanes} code(s) of {act.name}",
            )
        )
    ports.append(
        Port(
            name="out",
            is_input=False,
            bits=pace.lanes * node.accumulator_bits,
            meaning=f"{pace.lanes} sum(s) of {node.accumulator_bits} bits",
        )
    )
    pins = {"clk": "clk", "rst": "rst"}
    for stream in ports:
        pins |= stream_pins(stream.name, stream.name)
    body = instance("bf_stream_add", "add", {**parameters, "BITS": node.accumulator_bits}, pins)
    name = module_name(node)
    text = module_text(name, (f"{node.name}: exact sum of two streams of codes.",), ports, body)
    sources = tuple(LIBRARY / f"{source}.sv" for source in ("operand", "fixed", "stream_add"))
    return Rtl(top=name, text=text, sources=sources)


@latency_cycles.register
def _(node: Add, pace: Pace, fabric: Fabric) -> int:
    """Return the cycles of two registers: integers, and their sum."""
    return 2
