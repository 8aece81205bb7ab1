"""AMD ZCU104."""

from hw_models.boards.base import Board, ClockInput, Pin, Pins
from hw_models.devices.xcup import FAMILY

BOARD = Board(
    name="zcu104",
    title="AMD ZCU104 evaluation board",
    family="xcup",
    part="xczu7ev-ffvc1156-2-e",
    package="ffvc1156",
    speed="-2",
    resources=FAMILY.part_resources,
    oscillator_mhz=125.0,
    clock_input=ClockInput.DIFFERENTIAL,
    pins=Pins(
        clock=(Pin(site="F23", standard="LVDS"), Pin(site="E23", standard="LVDS")),
        uart_rx=Pin(site="A20", standard="LVCMOS18"),
        uart_tx=Pin(site="C19", standard="LVCMOS18"),
        led=Pin(site="D5", standard="LVCMOS33"),
    ),
    uart="third serial channel of the FT4232H (UART2) behind the connector J164",
    programmer="",
    source="AMD UG1267, ZCU104 Evaluation Board User Guide (CLK_125, UART2, GPIO_LED_0)",
)
