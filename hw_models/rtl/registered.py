"""A cell between registers, with three pins: what place and route needs to time all of it."""

from dataclasses import dataclass
from itertools import accumulate

from hw_models.rtl.design import Rtl


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """A port of a module.

    Args:
        name: Its name.
        bits: Its width [bits].
    """

    name: str
    bits: int


def registered(rtl: Rtl, inputs: tuple[Bus, ...], outputs: tuple[Bus, ...]) -> Rtl:
    """Wrap a design so that a register drives each of its inputs.

    Bare, only paths between a cell's own registers are timed; here multiplier and shifter are too.
    The input registers are one shift register and the outputs are folded into one bit behind the
    last register, so that any cell fits the pins of a small package. The wrapper's ports are
    ``clk d q``; it adds a flip-flop for each input bit, and LUTs only for the folding.

    Args:
        rtl: A design with a port ``clk``.
        inputs: Its other inputs.
        outputs: Its outputs.
    """
    ends = list(accumulate((bus.bits for bus in inputs), initial=0))
    pins = [
        f".{bus.name}(taps[{start}+:{bus.bits}])"
        for bus, start in zip(inputs, ends[:-1], strict=True)
    ]
    pins += [f".{bus.name}({bus.name})" for bus in outputs]
    names = ", ".join(bus.name for bus in outputs)
    top = f"{rtl.top}_registered"
    lines = [
        f"// {rtl.top} between registers.",
        f"module {top} (",
        "    input  wire clk,",
        "    input  wire d,  // shifted into the input registers",
        "    output wire q  // parity of all outputs",
        ");",
        f"  reg [{ends[-1] - 1}:0] taps;",
        f"  always_ff @(posedge clk) taps <= {{taps[{ends[-1] - 2}:0], d}};",
        *(f"  wire [{bus.bits - 1}:0] {bus.name};" for bus in outputs),
        f"  {rtl.top} cell_ (.clk(clk), {', '.join(pins)});",
        f"  assign q = ^{{{names}}};",
        "endmodule",
        "",
    ]
    text = "\n".join([rtl.text, *lines])
    return Rtl(top=top, text=text, sources=rtl.sources, memories=rtl.memories)
