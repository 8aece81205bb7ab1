"""What a design takes of an FPGA, and the report that says where each number comes from."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from dse.errors import DesignError


class Source(StrEnum):
    """Where the numbers of a report come from."""

    ANALYTICAL = "analytical"  #: Formulas
    YOSYS = "yosys"  #: Counted after synthesis
    NEXTPNR = "nextpnr"  #: Counted after place and route
    VIVADO = "vivado"  #: Reported by the vendor's tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Counts of FPGA resources; they add.

    Attributes:
        lut: Look-up tables, in the family's own unit (LUT6 on xc7 and xcup; LUT4 with carry cells
            counted as the LUTs they occupy on ecp5 and ice40).
        ff: Flip-flops.
        dsp: DSP blocks (DSP48 on xc7 and xcup, MULT18X18D on ecp5, SB_MAC16 on ice40).
        bram18: Block RAMs: 18 kbit each on xc7, xcup and ecp5, 4 kbit each on ice40.
        uram: UltraRAM blocks; 0 on families without them.
    """

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    bram18: int = 0
    uram: int = 0

    def __post_init__(self) -> None:
        if min(self.lut, self.ff, self.dsp, self.bram18, self.uram) < 0:
            raise DesignError(f"resources must not be negative: {self}")

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            lut=self.lut + other.lut,
            ff=self.ff + other.ff,
            dsp=self.dsp + other.dsp,
            bram18=self.bram18 + other.bram18,
            uram=self.uram + other.uram,
        )

    def __mul__(self, copies: int) -> "Resources":
        return Resources(
            lut=self.lut * copies,
            ff=self.ff * copies,
            dsp=self.dsp * copies,
            bram18=self.bram18 * copies,
            uram=self.uram * copies,
        )

    def share_of(self, device: "Resources") -> float:
        """Return the largest fraction any one resource takes of `device`; `inf` if it has none."""
        pairs = (
            (self.lut, device.lut),
            (self.ff, device.ff),
            (self.dsp, device.dsp),
            (self.bram18, device.bram18),
            (self.uram, device.uram),
        )
        return max(
            (used / have if have else float("inf") for used, have in pairs if used), default=0.0
        )

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, int]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One costed part of a node.

    Attributes:
        name: What it is, e.g. ``"products"``.
        resources: What it takes.
        is_compute: Whether it belongs to the multiply-accumulate lanes (`CostReport.lut_per_mac`).
        source: Paper, data sheet or assumption behind the numbers.
    """

    name: str
    resources: Resources
    is_compute: bool
    source: str


def total(parts: Iterable[Part]) -> Resources:
    """Return the sum of what `parts` take."""
    taken = [part.resources for part in parts]
    return Resources(
        lut=sum([resources.lut for resources in taken]),
        ff=sum([resources.ff for resources in taken]),
        dsp=sum([resources.dsp for resources in taken]),
        bram18=sum([resources.bram18 for resources in taken]),
        uram=sum([resources.uram for resources in taken]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCost:
    """Cost of one node of an accelerator.

    Attributes:
        name: Name of the node.
        kind: Its kind, e.g. ``"mvau"``.
        parts: What it is made of.
        ii_cycles: Cycles between two frames [cycle].
    """

    name: str
    kind: str
    parts: tuple[Part, ...]
    ii_cycles: int

    @property
    def resources(self) -> Resources:
        """Sum of the parts."""
        return total(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCost:
    """Cost of what stands between two nodes.

    Attributes:
        source: Name of the node that gives the stream; empty for the input.
        sink: Name of the node that takes it; empty for the output, and for the fork of a stream.
        parts: What it is made of.
    """

    source: str
    sink: str
    parts: tuple[Part, ...]

    @property
    def resources(self) -> Resources:
        """Sum of the parts."""
        return total(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """Cost of a whole accelerator.

    Attributes:
        source: Where the numbers come from.
        device: FPGA family.
        clock_mhz: Clock to which the cells are pipelined [MHz].
        per_node: Cost of each node, in order.
        between: Cost of the streams between nodes: FIFOs, width converters, forks.
        lanes: Multiply-accumulate lanes, the sum of PE·SIMD over the layers.
        weight_bits: Size of all weights [bit].
    """

    source: Source
    device: str
    clock_mhz: float
    per_node: tuple[NodeCost, ...]
    between: tuple[StreamCost, ...] = ()
    lanes: int
    weight_bits: int

    @property
    def resources(self) -> Resources:
        """Sum of the nodes and of the streams between them."""
        nodes = (node.resources for node in self.per_node)
        streams = (stream.resources for stream in self.between)
        return sum((*nodes, *streams), start=Resources())

    @property
    def ii_cycles(self) -> int:
        """Cycles between two frames: those of the slowest node [cycle]."""
        return max(node.ii_cycles for node in self.per_node)

    @property
    def fps(self) -> float:
        """Frames per second at `clock_mhz`."""
        return self.clock_mhz * 1e6 / self.ii_cycles

    @property
    def weight_kib(self) -> float:
        """Size of all weights [KiB]."""
        return self.weight_bits / 8192

    @property
    def lut_per_mac(self) -> float:
        """LUTs of one multiply-accumulate lane.

        The papers' axis: LUTs of products, alignment, adder trees and accumulators of all layers,
        divided by the number of lanes. Memories, control, requantizers and windows are left out.
        """
        parts = (part for node in self.per_node for part in node.parts if part.is_compute)
        return sum(part.resources.lut for part in parts) / self.lanes

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back, with the derived totals beside it."""
        return {
            "source": self.source.value,
            "device": self.device,
            "clock_mhz": self.clock_mhz,
            "lanes": self.lanes,
            "weight_bits": self.weight_bits,
            "per_node": [asdict(node) for node in self.per_node],
            "between": [asdict(stream) for stream in self.between],
            "totals": {
                **self.resources.to_json(),
                "ii_cycles": self.ii_cycles,
                "fps": self.fps,
                "weight_kib": self.weight_kib,
                "lut_per_mac": self.lut_per_mac,
            },
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(
            source=Source(data["source"]),
            device=data["device"],
            clock_mhz=data["clock_mhz"],
            lanes=data["lanes"],
            weight_bits=data["weight_bits"],
            per_node=tuple(_node_from_json(node) for node in data["per_node"]),
            between=tuple(
                StreamCost(**{**stream, "parts": _parts_from_json(stream["parts"])})
                for stream in data["between"]
            ),
        )


def _node_from_json(data: dict[str, Any]) -> NodeCost:
    return NodeCost(**{**data, "parts": _parts_from_json(data["parts"])})


def _parts_from_json(parts: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(
        Part(**{**part, "resources": Resources.from_json(part["resources"])}) for part in parts
    )
