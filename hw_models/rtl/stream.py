"""How modules with streams are written: the head that describes the ports, and the ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A stream at a module's edge.

    Attributes:
        name: Start of its ports' names: ``in`` for ``in_data in_valid in_ready``.
        is_input: Whether words come in.
        bits: Width of a word [bit].
        meaning: What a word holds.
    """

    name: str
    is_input: bool
    bits: int
    meaning: str


def module_text(
    name: str, description: Sequence[str], ports: Sequence[Port], body: Sequence[str]
) -> str:
    """Write a module with ``clk``, ``rst`` and streams, each port described in its head.

    Args:
        name: Name of the module.
        description: Lines that say what it does.
        ports: Its streams.
        body: Lines between the ports and ``endmodule``.
    """
    rows = [("clk", "in", 1, "clock"), ("rst", "in", 1, "synchronous reset, active high")]
    for port in ports:
        there, back = ("in", "out") if port.is_input else ("out", "in")
        rows += [
            (f"{port.name}_data", there, port.bits, port.meaning),
            (f"{port.name}_valid", there, 1, "there is a word"),
            (f"{port.name}_ready", back, 1, "it is taken at the next clock edge"),
        ]
    widest = max(len(row[0]) for row in rows)
    digits = max(len(str(row[2])) for row in rows)
    head = [f"// {line}".rstrip() for line in (*description, "")]
    head += [
        f"//   {row[0]:{widest}}  {row[1] + ',':4} {row[2]:{digits}} bit  {row[3]}" for row in rows
    ]
    declared = [
        f"    {'input ' if way == 'in' else 'output'} wire {_range(bits)}{port}"
        for port, way, bits, _ in rows
    ]
    lines = [*head, f"module {name} (", ",\n".join(declared), ");", *body, "endmodule", ""]
    return "\n".join(lines)


def instance(
    module: str,
    name: str,
    parameters: Mapping[str, int | str],
    pins: Mapping[str, str],
) -> list[str]:
    """Return the lines that instantiate `module`; strings among the parameters are quoted."""
    values = {k: f'"{v}"' if isinstance(v, str) else int(v) for k, v in parameters.items()}
    given = [f"      .{key}({value})" for key, value in values.items()]
    wired = [f"      .{pin}({wire})" for pin, wire in pins.items()]
    opening = [f"  {module} #(", ",\n".join(given), f"  ) {name} ("]
    return [*(opening if given else [f"  {module} {name} ("]), ",\n".join(wired), "  );"]


def stream_pins(port: str, wires: str) -> dict[str, str]:
    """Return the pins of the stream `port` joined to wires whose names start with `wires`."""
    return {f"{port}_{part}": f"{wires}_{part}" for part in ("data", "valid", "ready")}


def stream_wires(wires: str, bits: int) -> list[str]:
    """Return the lines that declare the wires of a stream."""
    return [f"  wire {_range(bits)}{wires}_data;", f"  wire {wires}_valid, {wires}_ready;"]


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
