"""The top module of an accelerator: its nodes, and FIFOs, converters and forks between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import lcm

from dse.errors import DesignError
from hw_models.dataflow import OUTPUT, Dataflow, Stream, bits_given
from hw_models.graph import INPUT, Node
from hw_models.model import Model
from hw_models.rtl import add, mvau, pool, requantize, sliding_window
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.memory import ram_style
from hw_models.rtl.node import Fabric, emit_node, identifier, module_name
from hw_models.rtl.stream import Port, instance, module_text, stream_pins, stream_wires

EMITTERS = (add, mvau, pool, requantize, sliding_window)
"""Modules that register how nodes are written."""

_SOURCES = ("ram", "fifo", "fork", "dwc")
Key = tuple[str, str, int]
"""Name of a stream, `Stream.key`."""

_CLOCK = {"clk": "clk", "rst": "rst"}


def emit_accelerator(
    flow: Dataflow, model: Model, fabric: Fabric, name: str = "accelerator"
) -> Rtl:
    """Write an accelerator as one file: a module for each node, and the top that joins them.

    Its ports are ``clk``, ``rst`` (synchronous, active high) and the streams ``in`` and ``out``.

    Args:
        flow: Nodes at their pace, streams with their FIFOs.
        model: Weights and tails.
        fabric: What the RTL is for.
        name: Name of the top module.

    Raises:
        DesignError: Two nodes whose names differ in nothing that an identifier can hold.
        UnmodelledError: A node without an emitter.
    """
    nodes = flow.accelerator.nodes
    _check_names(nodes)
    designs = [
        emit_node(node, pace, model, fabric) for node, pace in zip(nodes, flow.paces, strict=True)
    ]
    body, ends = _behind(flow, INPUT, "in", fabric)
    for node in nodes:
        behind, further_ends = _behind(flow, node.name, _out(node), fabric)
        body += ["", *_node_lines(flow, node, ends), *behind]
        ends |= further_ends
    last = ends[flow.output.key]
    body += [
        "",
        f"  assign out_data = {last}_data;",
        f"  assign out_valid = {last}_valid;",
        f"  assign {last}_ready = out_ready;",
    ]
    top = module_text(name, _description(flow), _ports(flow), body)
    sources = [source for design in designs for source in design.sources]
    sources += [LIBRARY / f"{source}.sv" for source in _SOURCES]
    return Rtl(
        top=name,
        text="\n".join([*(design.text for design in designs), top]),
        sources=tuple(dict.fromkeys(sources)),
        memories=tuple(memory for design in designs for memory in design.memories),
    )


def _check_names(nodes: tuple[Node, ...]) -> None:
    seen: dict[str, str] = {}
    for node in nodes:
        other = seen.setdefault(identifier(node.name), node.name)
        if other != node.name:
            raise DesignError(
                f"the nodes '{other}' and '{node.name}' would both be called "
                f"{identifier(node.name)} in RTL; rename one"
            )


def _description(flow: Dataflow) -> list[str]:
    """Return the head's lines on the accelerator: its nodes, and where each reads."""
    lines = ["Accelerator. Its nodes, and what they read:", ""]
    accelerator = flow.accelerator
    for node, sources in zip(accelerator.nodes, accelerator.sources, strict=True):
        lines.append(f"  {module_name(node)}: {', '.join(name or 'in' for name in sources)}")
    return lines


def _ports(flow: Dataflow) -> tuple[Port, Port]:
    entry, output = flow.streams_from(INPUT)[0], flow.output
    last = flow.accelerator.nodes[-1]
    what = "exact sums" if last.out_format is None else f"codes, {last.out_format.name}"
    reader = flow.accelerator.node(entry.sink)
    return (
        Port(
            name="in",
            is_input=True,
            bits=entry.bits * entry.source_lanes,
            meaning=f"{entry.source_lanes} codes of {entry.bits} bit, as {reader.name} takes them",
        ),
        Port(
            name="out",
            is_input=False,
            bits=output.bits * output.source_lanes,
            meaning=f"{output.source_lanes} {what} of {bits_given(last)} bit",
        ),
    )


def _out(node: Node) -> str:
    """Return the start of the names of the wires that `node` drives."""
    return f"{module_name(node)}_out"


def _node_lines(flow: Dataflow, node: Node, ends: Mapping[Key, str]) -> list[str]:
    """Return the instance of a node, and the wires of its output."""
    streams = flow.streams_to(node.name)
    ports = ["in"] if len(streams) == 1 else [f"in{stream.port}" for stream in streams]
    pins = dict(_CLOCK)
    for port, stream in zip(ports, streams, strict=True):
        pins |= stream_pins(port, ends[stream.key])
    pins |= stream_pins("out", _out(node))
    given = flow.streams_from(node.name)[0]
    return [
        *stream_wires(_out(node), given.bits * given.source_lanes),
        *instance(module_name(node), f"{module_name(node)}_", {}, pins),
    ]


def _behind(
    flow: Dataflow, source: str, wires: str, fabric: Fabric
) -> tuple[list[str], dict[Key, str]]:
    """Return what stands behind a source, and the wires at the end of each of its streams."""
    streams = flow.streams_from(source)
    lines, starts = [], [wires]
    if len(streams) > 1:
        starts = [f"{wires}_{i}" for i in range(len(streams))]
        lines += _fork_lines(wires, starts, streams[0].bits * streams[0].source_lanes)
    ends = {}
    for start, stream in zip(starts, streams, strict=True):
        end = start
        for stage in _stages(stream, fabric):
            # the port comes first, since a node may be called as another and its port would be
            name = f"{stage.label}{stream.port or ''}"
            if stream.sink != OUTPUT:
                name = f"{name}_{identifier(stream.sink)}"
            pins = {**_CLOCK, **stream_pins("in", end), **stream_pins("out", name)}
            lines += stream_wires(name, stage.bits)
            lines += instance(stage.module, f"{name}_", stage.parameters, pins)
            end = name
        ends[stream.key] = end
    return lines, ends


def _fork_lines(wires: str, starts: list[str], bits: int) -> list[str]:
    """Return the fork of a stream to wires whose names are `starts`."""
    lines = []
    for start in starts:
        lines += [*stream_wires(start, bits), f"  assign {start}_data = {wires}_data;"]
    pins = {**_CLOCK, **stream_pins("in", wires), "out_data": ""}
    for part in ("valid", "ready"):
        pins[f"out_{part}"] = "{" + ", ".join(f"{start}_{part}" for start in starts[::-1]) + "}"
    return lines + instance("bf_fork", f"fork_{wires}", {"BITS": bits, "SINKS": len(starts)}, pins)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Something that a stream passes: a library module, and the width of what it gives [bit]."""

    label: str
    module: str
    parameters: dict[str, int | str]
    bits: int


def _stages(stream: Stream, fabric: Fabric) -> list[_Stage]:
    """Return what stands between the ends of a stream.

    The FIFO is on the wider side of a converter, where words come and go one a cycle. If neither
    number of lanes divides the other, words of their least common multiple are in between.
    """
    lanes = (stream.source_lanes, lcm(stream.source_lanes, stream.sink_lanes), stream.sink_lanes)
    stages = [_converter(stream, a, b) for a, b in pairwise(lanes) if a != b]
    if stream.fifo_depth and stream.source_lanes < stream.sink_lanes:
        stages.insert(1, _fifo(stream, lanes[1], fabric))
    elif stream.fifo_depth:
        stages.insert(0, _fifo(stream, lanes[0], fabric))
    return stages


def _fifo(stream: Stream, lanes: int, fabric: Fabric) -> _Stage:
    bits, depth = lanes * stream.bits, stream.fifo_depth
    style = ram_style(max(1, depth - 1), bits, fabric)  # the last word is an output register
    return _Stage(
        label="fifo",
        module="bf_fifo",
        parameters={"DEPTH": depth, "BITS": bits, "STYLE": style},
        bits=bits,
    )


def _converter(stream: Stream, taken: int, given: int) -> _Stage:
    """Return the converter from `taken` lanes to `given`, one of which divides the other."""
    kind = "widen" if given > taken else "narrow"
    narrow, wide = sorted((taken, given))
    return _Stage(
        label=kind,
        module=f"bf_{kind}",
        parameters={"BITS": narrow * stream.bits, "RATIO": wide // narrow},
        bits=given * stream.bits,
    )
