"""AMD Kria KV260: a K26 module, whose programmable logic gets its clock from the processor."""

from hw_models.boards.base import Board, ClockInput, Pin, Pins
from hw_models.resources import Resources


def _pin(site: str) -> Pin:
    return Pin(site=site, standard="LVCMOS33")


BOARD = Board(
    name="kv260",
    title="AMD Kria KV260 vision starter kit",
    family="xcup",
    part="xck26-sfvc784-2LV-c",
    package="sfvc784",
    speed="-2LV",
    resources=Resources(lut=117_120, ff=234_240, dsp=1248, bram18=288, uram=64),
    oscillator_mhz=100.0,
    clock_input=ClockInput.PROCESSOR,
    pins=Pins(clock=(), uart_rx=_pin("H12"), uart_tx=_pin("E10"), led=_pin("D10")),
    uart="Pmod J2, pins 1 (FPGA reads) and 3 (FPGA drives), through a 3.3 V adapter",
    programmer="",
    source="AMD DS987 (resources), UG1089 (Pmod J2 H12 E10 D10); PL clock 0 as the starter kit's "
    "boot firmware sets it, 100 MHz",
)
