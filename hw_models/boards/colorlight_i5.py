"""Colorlight i5, an LED-wall receiver card on MuseLab's extension board."""

from hw_models.boards._ecp5 import LFE5U_25F, pin
from hw_models.boards.base import Board, Pins

BOARD = Board(
    name="colorlight-i5",
    title="Colorlight i5 v7.0 on the MuseLab extension board",
    family="ecp5",
    part="LFE5U-25F",
    package="CABGA381",
    speed="6",
    resources=LFE5U_25F,
    oscillator_mhz=25.0,
    pins=Pins(
        clock=(pin("P3"),),
        uart_rx=pin("H18"),
        uart_tx=pin("J17"),
        led=pin("U16", is_inverted=True),
    ),
    uart="USB of the extension board",
    programmer="colorlight-i5",
    source="github.com/wuxx/Colorlight-FPGA-Projects (clock, LED); litex-boards (UART)",
)
