"""What the build must know of a board: its FPGA, its clock and a few pins."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from dse.errors import DesignError
from hw_models.pll import PLLS
from hw_models.pll.base import Clock
from hw_models.resources import Resources

_SAME_MHZ = 0.005
"""How near a request must be to a legal clock to mean it: two decimals name it [MHz]."""


class ClockInput(StrEnum):
    """How a board's clock comes into its FPGA."""

    PIN = "pin"  #: One pin
    DIFFERENTIAL = "differential"  #: Two pins
    PROCESSOR = "processor"  #: From the Zynq UltraScale+ processing system, its PL clock 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A ball or pin of an FPGA as its board uses it.

    Attributes:
        site: Its name in the package.
        standard: I/O standard, by the name the family's constraint files have for it.
        is_inverted: Whether the board reads a low level as "on".
    """

    site: str
    standard: str
    is_inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The pins a board top uses; there is no reset pin, since a counter resets after power-on.

    Attributes:
        clock: Clock, none if it comes from the processor, two (positive first) if differential.
        uart_rx: What the FPGA reads.
        uart_tx: What the FPGA drives.
        led: Lights while a frame is in the accelerator.
    """

    clock: tuple[Pin, ...]
    uart_rx: Pin
    uart_tx: Pin
    led: Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board.

    Attributes:
        name: What `--board` calls it.
        title: Its full name.
        family: FPGA family, a name in `hw_models.devices.DEVICES`.
        part: FPGA, by the name its vendor has for it.
        package: Package, by the name place and route has for it.
        speed: Speed grade.
        resources: What the FPGA has, by the vendor's data sheet.
        oscillator_mhz: Clock that comes into the FPGA [MHz].
        clock_input: How it comes in.
        pins: Pins of the board top.
        uart: Where the UART's other end is, for whoever has to find the cable.
        programmer: What openFPGALoader calls the board; empty if it does not know it.
        source: Where the pins are documented.
    """

    name: str
    title: str
    family: str
    part: str
    package: str
    speed: str
    resources: Resources
    oscillator_mhz: float
    clock_input: ClockInput = ClockInput.PIN
    pins: Pins
    uart: str
    programmer: str
    source: str

    def clocks(self) -> tuple[Clock, ...]:
        """Return the clocks the fabric can have, ascending."""
        return PLLS[self.family].clocks_from(self.oscillator_mhz)

    def clock(self, clock_mhz: float) -> Clock:
        """Return the legal clock that `clock_mhz` [MHz] names.

        Raises:
            DesignError: There is none; names the nearest.
        """
        legal = self.clocks()
        position = bisect_right(legal, clock_mhz, key=lambda clock: clock.clock_mhz)
        nearest = legal[max(position - 1, 0) : position + 1]
        for clock in nearest:
            if abs(clock.clock_mhz - clock_mhz) <= _SAME_MHZ:
                return clock
        names = " or ".join(f"{clock.clock_mhz:.6g}" for clock in nearest)
        raise DesignError(
            f"{self.name} cannot make {clock_mhz:g} MHz of its {self.oscillator_mhz:g} MHz; "
            f"the nearest clocks are {names} MHz"
        )

    def clock_at_most(self, limit_mhz: float) -> Clock:
        """Return the fastest legal clock not above `limit_mhz` [MHz].

        Raises:
            DesignError: Every legal clock is faster.
        """
        legal = [clock for clock in self.clocks() if clock.clock_mhz <= limit_mhz]
        if not legal:
            slowest = self.clocks()[0].clock_mhz
            raise DesignError(
                f"{self.name} has no clock up to {limit_mhz:.6g} MHz; its slowest is "
                f"{slowest:.6g} MHz"
            )
        return legal[-1]
