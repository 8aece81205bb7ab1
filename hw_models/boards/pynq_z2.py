"""TUL PYNQ-Z2."""

from hw_models.boards.base import Board, Pin, Pins
from hw_models.devices.xc7 import FAMILY


def _pin(site: str) -> Pin:
    return Pin(site=site, standard="LVCMOS33")


BOARD = Board(
    name="pynq-z2",
    title="TUL PYNQ-Z2",
    family="xc7",
    part="xc7z020clg400-1",
    package="clg400",
    speed="-1",
    resources=FAMILY.part_resources,
    oscillator_mhz=125.0,
    pins=Pins(clock=(_pin("H16"),), uart_rx=_pin("T14"), uart_tx=_pin("U12"), led=_pin("R14")),
    uart="Arduino header pins 0 (FPGA reads) and 1 (FPGA drives), through a 3.3 V adapter",
    programmer="pynq_z2",
    source="TUL, pynq-z2_v1.0.xdc (sysclk, ar[0], ar[1], led[0])",
)
