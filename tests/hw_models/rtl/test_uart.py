"""A UART whose bits last no whole number of cycles, against a line that is too fast or too slow."""

import subprocess
import time

import numpy as np
import pytest
from toy_core import INPUT, OUTPUT, expected, toy_core

from hw_models.boards import BOARDS
from hw_models.host.driver import Driver
from hw_models.host.port import SerialPort
from hw_models.plan import PlannedFile
from hw_models.rtl.board import phase_step, virtual_top
from hw_models.sim.program import simulator
from hw_models.sim.virtual_board import HARNESS
from hw_models.tools import started

pytestmark = pytest.mark.tool("verilator")
CLOCK_MHZ, BAUD = 100, 10_300_000  # 9.7 cycles a bit


@pytest.fixture(scope="module")
def program():
    top = virtual_top(toy_core(), BOARDS["ulx3s-85f"], CLOCK_MHZ, BAUD)
    return top, simulator(top, (PlannedFile(path="harness.cpp", content=HARNESS.read_text()),))


@pytest.mark.parametrize("error", [-0.02, 0, 0.02])
def test_bytes_survive_a_line_that_is_off(program, error, tmp_path):
    """1 % of each side is allowed; here both err as far as they may, in opposite directions."""
    top, path = program
    for name, content in top.memories:
        (tmp_path / name).write_text(content)
    step = round(phase_step(CLOCK_MHZ, BAUD) * (1 + error))
    command = (str(path), str(tmp_path / "tty"), str(step))
    images = np.random.default_rng(0).integers(0, 32, (20, INPUT.elements))
    with started(command, folder=tmp_path, log=tmp_path / "log", stdin=subprocess.PIPE) as process:
        while not (tmp_path / "tty").is_symlink():
            assert process.poll() is None
            time.sleep(0.01)
        with SerialPort(tmp_path / "tty", 0) as port:
            driver = Driver(port, 10.0)
            results = list(driver.run(INPUT.pack(image) for image in images))
            assert driver.resent == 0
    for image, result in zip(images, results, strict=True):
        assert OUTPUT.unpack(result).tolist() == expected(image).tolist()
