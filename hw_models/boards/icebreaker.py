"""1BitSquared iCEBreaker."""

from hw_models.boards.base import Board, Pin, Pins
from hw_models.devices.ice40 import FAMILY


def _pin(site: str, *, is_inverted: bool = False) -> Pin:
    return Pin(site=site, standard="SB_LVCMOS", is_inverted=is_inverted)


BOARD = Board(
    name="icebreaker",
    title="1BitSquared iCEBreaker",
    family="ice40",
    part="iCE40UP5K",
    package="sg48",
    speed="",  # there is one grade
    resources=FAMILY.part_resources,
    oscillator_mhz=12.0,
    pins=Pins(
        clock=(_pin("35"),),
        uart_rx=_pin("6"),
        uart_tx=_pin("9"),
        led=_pin("11", is_inverted=True),
    ),
    uart="second channel of the FT2232H behind the USB connector",
    programmer="ice40_generic",
    source="amaranth-boards 0.0.21, icebreaker.py",
)
