"""AMD Alveo U250."""

from hw_models.boards.base import Board, ClockInput, Pin, Pins
from hw_models.resources import Resources


def _pin(site: str, standard: str = "LVCMOS12") -> Pin:
    return Pin(site=site, standard=standard)


BOARD = Board(
    name="alveo-u250",
    title="AMD Alveo U250",
    family="xcup",
    part="xcu250-figd2104-2L-e",
    package="figd2104",
    speed="-2L",
    resources=Resources(lut=1_728_000, ff=3_456_000, dsp=12_288, bram18=5376, uram=1280),
    oscillator_mhz=300.0,
    clock_input=ClockInput.DIFFERENTIAL,
    pins=Pins(
        clock=(_pin("AY37", "DIFF_SSTL12"), _pin("AY38", "DIFF_SSTL12")),
        uart_rx=_pin("BF18"),
        uart_tx=_pin("BB20"),
        led=_pin("BC21"),
    ),
    uart="USB connector of the maintenance port",
    programmer="",
    source="AMD UG1301, Alveo U200 and U250 User Guide, XDC of the U250 (SYSCLK0_300, USB_UART); "
    "litex-boards, alveo_u250.py",
)
