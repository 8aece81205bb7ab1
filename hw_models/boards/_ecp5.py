"""Facts that several ECP5 boards share."""

from hw_models.boards.base import Board, Pin, Pins
from hw_models.resources import Resources

# Lattice FPGA-DS-02012, ECP5 and ECP5-5G Family Data Sheet, table 1.1; one flip-flop a LUT.
LFE5U_12F = Resources(lut=12_000, ff=12_000, dsp=28, bram18=32)
LFE5U_25F = Resources(lut=24_288, ff=24_288, dsp=28, bram18=56)
LFE5U_85F = Resources(lut=83_640, ff=83_640, dsp=156, bram18=208)


def pin(site: str, *, is_inverted: bool = False) -> Pin:
    """Return a 3.3 V pin."""
    return Pin(site=site, standard="LVCMOS33", is_inverted=is_inverted)


def ulx3s(size: str, resources: Resources) -> Board:
    """Return the ULX3S that carries an LFE5U of `size`, such as ``"85F"``."""
    return Board(
        name=f"ulx3s-{size.lower()}",
        title=f"Radiona ULX3S with LFE5U-{size}",
        family="ecp5",
        part=f"LFE5U-{size}",
        package="CABGA381",
        speed="6",
        resources=resources,
        oscillator_mhz=25.0,
        pins=Pins(clock=(pin("G2"),), uart_rx=pin("M1"), uart_tx=pin("L4"), led=pin("B2")),
        uart="FT231X behind the connector US1",
        programmer="ulx3s",
        source="amaranth-boards 0.0.21, ulx3s.py",
    )


def orangecrab(size: str, resources: Resources) -> Board:
    """Return the OrangeCrab r0.2 that carries an LFE5U of `size`."""
    return Board(
        name=f"orangecrab-{size.lower()}",
        title=f"OrangeCrab r0.2 with LFE5U-{size}",
        family="ecp5",
        part=f"LFE5U-{size}",
        package="CSFBGA285",
        speed="8",
        resources=resources,
        oscillator_mhz=48.0,
        pins=Pins(
            clock=(pin("A9"),),
            uart_rx=pin("N17"),
            uart_tx=pin("M18"),
            led=pin("K4", is_inverted=True),
        ),
        uart="header pins 0 (FPGA reads) and 1 (FPGA drives), through a 3.3 V adapter",
        programmer="orangeCrab",
        source="amaranth-boards 0.0.21, orangecrab_r0_2.py; UART on the Feather's RX and TX",
    )
