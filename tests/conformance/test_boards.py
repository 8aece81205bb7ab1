"""Every board in the registry, its own and third parties', is complete."""

import re

import pytest

from dse.errors import DesignError, UnknownPluginError
from hw_models.boards import BOARDS
from hw_models.boards.base import ClockInput
from hw_models.devices import DEVICES
from hw_models.pll import PLLS
from hw_models.resources import Resources
from hw_models.rtl.board import BAUD, phase_step
from hw_models.synth import ecp5_bitstream, ice40_bitstream, vivado

NAMES = {
    *("ulx3s-85f", "ulx3s-12f", "ulx3s-25f", "orangecrab-25f", "orangecrab-85f", "colorlight-i5"),
    *("icebreaker", "pynq-z2", "zcu104", "kv260", "alveo-u250"),
}
CLOCK_PINS = {ClockInput.PIN: 1, ClockInput.DIFFERENTIAL: 2, ClockInput.PROCESSOR: 0}
CONSTRAINTS = {"ecp5": ecp5_bitstream, "ice40": ice40_bitstream}


@pytest.fixture(params=list(BOARDS))
def board(request):
    return BOARDS[request.param]


def test_the_promised_boards_are_there():
    assert set(BOARDS) >= NAMES


def test_facts_are_plausible_and_have_sources(board):
    assert BOARDS[board.name] is board
    assert board.family in DEVICES
    assert board.family in PLLS
    assert PLLS[board.family].source
    assert 8 <= board.oscillator_mhz <= 400
    assert min(board.resources.lut, board.resources.ff, board.resources.bram18) > 0
    assert Resources().share_of(board.resources) == 0
    for text in (board.title, board.part, board.package, board.source, board.uart):
        assert text


def test_no_two_signals_share_a_pin(board):
    pins = board.pins
    assert len(pins.clock) == CLOCK_PINS[board.clock_input]
    sites = [pin.site for pin in (*pins.clock, pins.uart_rx, pins.uart_tx, pins.led)]
    assert len(set(sites)) == len(sites)
    assert all(re.fullmatch(r"[A-Z]{0,2}\d+", site) for site in sites)


def test_the_nominal_clock_and_the_default_speed_can_be_had(board):
    nominal_mhz = DEVICES[board.family].clock_mhz
    nearest = board.clock_at_most(nominal_mhz)
    assert nearest.clock_mhz > 0.95 * nominal_mhz
    assert board.clock(nearest.clock_mhz) == nearest
    assert phase_step(nearest.clock_mhz, BAUD) > 0


def test_every_port_is_placed(board):
    constraints = CONSTRAINTS.get(board.family, vivado).constraints(board)
    pins = board.pins
    ports = dict(zip(("clk_pin", "clk_pin_n"), pins.clock, strict=False))
    ports |= {"uart_rx_pin": pins.uart_rx, "uart_tx_pin": pins.uart_tx, "led_pin": pins.led}
    for port, pin in ports.items():
        lines = [line for line in constraints.splitlines() if re.search(rf"\b{port}\b", line)]
        assert any(re.search(rf"\b{pin.site}\b", line) for line in lines), port


def test_the_part_can_be_placed(board):
    if board.family in CONSTRAINTS:
        assert board.part in CONSTRAINTS[board.family].PARTS


def test_clocks_between_the_legal_ones_are_refused_with_the_nearest():
    with pytest.raises(DesignError, match=r"cannot make 24 MHz of its 25 MHz.*21.875 or 25 MHz"):
        BOARDS["ulx3s-85f"].clock(24)
    with pytest.raises(DesignError, match=r"the nearest clocks are 400 MHz"):
        BOARDS["ulx3s-85f"].clock(1000)
    with pytest.raises(DesignError, match=r"the nearest clocks are 10 MHz"):
        BOARDS["ulx3s-85f"].clock(1)
    assert BOARDS["ulx3s-85f"].clock(66.67).clock_mhz == pytest.approx(200 / 3)
    assert BOARDS["ulx3s-85f"].clock(25).is_direct


def test_slower_clocks_are_found():
    assert BOARDS["icebreaker"].clock_at_most(23.9).clock_mhz == 23.625
    with pytest.raises(DesignError, match="no clock up to 9 MHz; its slowest is 10 MHz"):
        BOARDS["ulx3s-85f"].clock_at_most(9)


def test_unknown_boards_get_the_nearest_name():
    with pytest.raises(UnknownPluginError, match="did you mean 'ulx3s-85f'"):
        BOARDS["ulx3s-85"]
