"""A netlist as Yosys writes it: cells, their connections, and what they compute."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.errors import ReportParseError

Planes = NDArray[np.uint64]
"""One row per bit, lowest first; each bit of a row is one test vector: `(bits, words)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A module's port: direction (``input`` or ``output``) and its nets, lowest bit first."""

    direction: str
    nets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An instance: its type, and the nets at each of its ports, lowest bit first.

    Nets are numbers as text; constants are ``"0"``, ``"1"`` and ``"x"``, spelt ``"const 0"``, ….
    """

    type: str
    pins: Mapping[str, tuple[str, ...]]
    outputs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module: ports and cells by name."""

    name: str
    ports: Mapping[str, Port]
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Netlist:
    """A design: its modules by name, and which of them is the top."""

    top: str
    modules: Mapping[str, Module]

    def instances(self) -> Iterator[Module]:
        """Yield every instance of a module, the top first, a module once for each use."""
        pending = [self.modules[self.top]]
        while pending:
            module = pending.pop()
            yield module
            pending += [
                self.modules[cell.type]
                for cell in module.cells.values()
                if cell.type in self.modules
            ]

    def count(self) -> Counter[str]:
        """Count the leaf cells of the whole design by type."""
        return Counter(
            cell.type
            for module in self.instances()
            for cell in module.cells.values()
            if cell.type not in self.modules and cell.type != "$scopeinfo"
        )


def read_netlist(text: str, top: str) -> Netlist:
    """Read what Yosys' ``write_json`` wrote.

    Raises:
        ReportParseError: It is no such netlist, or does not hold `top`.
    """
    try:
        modules = {
            name: _module(name, body)
            for name, body in json.loads(text)["modules"].items()
            if "blackbox" not in body["attributes"] and "whitebox" not in body["attributes"]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportParseError(f"not a Yosys JSON netlist: {error!r}") from error
    if top not in modules:
        raise ReportParseError(f"the netlist has no module '{top}'")
    return Netlist(top=top, modules=modules)


def _nets(bits: list[int | str]) -> tuple[str, ...]:
    return tuple(f"const {bit}" if isinstance(bit, str) else str(bit) for bit in bits)


def _module(name: str, body: dict[str, Any]) -> Module:
    return Module(
        name=name,
        ports={
            port: Port(direction=value["direction"], nets=_nets(value["bits"]))
            for port, value in body["ports"].items()
        },
        cells={
            instance: Cell(
                type=cell["type"],
                pins={pin: _nets(bits) for pin, bits in cell["connections"].items()},
                outputs=frozenset(
                    pin
                    for pin, direction in cell.get("port_directions", {}).items()
                    if direction == "output"
                ),
            )
            for instance, cell in body["cells"].items()
        },
    )


def _mux(a: Planes, b: Planes, s: Planes) -> Planes:
    return np.asarray(a ^ ((a ^ b) & s))


_GATES: Mapping[str, tuple[str, Callable[..., Planes]]] = {
    "$_BUF_": ("A", lambda a: a),
    "$_NOT_": ("A", lambda a: ~a),
    "$_AND_": ("AB", lambda a, b: a & b),
    "$_NAND_": ("AB", lambda a, b: ~(a & b)),
    "$_OR_": ("AB", lambda a, b: a | b),
    "$_NOR_": ("AB", lambda a, b: ~(a | b)),
    "$_XOR_": ("AB", lambda a, b: a ^ b),
    "$_XNOR_": ("AB", lambda a, b: ~(a ^ b)),
    "$_ANDNOT_": ("AB", lambda a, b: a & ~b),
    "$_ORNOT_": ("AB", lambda a, b: a | ~b),
    "$_MUX_": ("ABS", _mux),
    "$_NMUX_": ("ABS", lambda a, b, s: ~_mux(a, b, s)),
}
_FLIP_FLOP = "$_DFF_P_"


class GateSimulator:
    """Computes a flat netlist of simple gates for many test vectors at once.

    Args:
        module: A module of 1-bit gates and rising-edge flip-flops of one clock only.

    Raises:
        ReportParseError: A cell of another type, or a combinational loop.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._next: dict[str, str] = {}
        driver: dict[str, tuple[str, tuple[str, ...]]] = {}
        for name, cell in module.cells.items():
            if cell.type == "$scopeinfo":
                continue
            if cell.type == _FLIP_FLOP:
                self._next[cell.pins["Q"][0]] = cell.pins["D"][0]
            elif cell.type in _GATES:
                pins = tuple(cell.pins[pin][0] for pin in _GATES[cell.type][0])
                driver[cell.pins["Y"][0]] = (cell.type, pins)
            else:
                raise ReportParseError(f"cell {name} of type {cell.type} is no simple gate")
        self._order = _topological(driver)

    def registered(self, planes: Mapping[str, Planes]) -> dict[str, Planes]:
        """Return the state in which registered ports show `planes`."""
        return {
            net: plane
            for port, rows in planes.items()
            for net, plane in zip(self._module.ports[port].nets, rows, strict=True)
            if net in self._next
        }

    def clock(self, inputs: Mapping[str, Planes], state: Mapping[str, Planes]) -> dict[str, Planes]:
        """Return the state after a clock edge: the plane of every flip-flop's output.

        Args:
            inputs: Planes of every input but the clock.
            state: Planes of flip-flop outputs; those left out are 0.
        """
        words = next(iter(inputs.values())).shape[1]
        zero = np.zeros(words, np.uint64)
        value: dict[str, Planes] = {"const 0": zero, "const 1": ~zero, "const x": zero}
        value.update(dict.fromkeys(self._next, zero))
        value.update(state)
        for port, planes in inputs.items():
            value.update(zip(self._module.ports[port].nets, planes, strict=True))
        for net, kind, pins in self._order:
            value[net] = _GATES[kind][1](*(value[pin] for pin in pins))
        return {q: value[d] for q, d in self._next.items()}

    def output(self, port: str, state: Mapping[str, Planes]) -> Planes:
        """Return the planes of a registered output in `state`."""
        return np.stack([state[net] for net in self._module.ports[port].nets])


def _topological(
    driver: Mapping[str, tuple[str, tuple[str, ...]]],
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Order gates so that each comes after those that drive it."""
    order: list[tuple[str, str, tuple[str, ...]]] = []
    done: set[str] = set()
    for root in driver:
        pending = [root]
        entered: set[str] = set()
        while pending:
            net = pending[-1]
            if net in done or net not in driver:
                pending.pop()
                continue
            missing = [pin for pin in driver[net][1] if pin in driver and pin not in done]
            if not missing:
                order.append((net, *driver[net]))
                done.add(net)
                pending.pop()
            elif net in entered:
                raise ReportParseError(f"combinational loop through net {net}")
            else:
                entered.add(net)
                pending += missing
    return order
