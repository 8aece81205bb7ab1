"""A board's design after place and route."""

from dataclasses import dataclass
from pathlib import Path

from hw_models.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A design that was placed, routed and packed.

    Attributes:
        bitstream: The file.
        netlist: What the whole top takes before it is placed, in the units of `count`; `None` where
            a vendor's tool synthesises.
        resources: What the whole top takes, link and clock included.
        clock_mhz: Clock of the accelerator [MHz].
        fmax_mhz: Greatest clock of all paths between registers [MHz].
        tools: Name and version of every tool that took part.
    """

    bitstream: Path
    netlist: Resources | None
    resources: Resources
    clock_mhz: float
    fmax_mhz: float
    tools: tuple[tuple[str, str], ...]

    @property
    def meets_clock(self) -> bool:
        """Whether it runs at its clock."""
        return self.fmax_mhz >= self.clock_mhz
