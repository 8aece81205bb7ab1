import numpy as np
import pytest
from fake_board import FakeBoard, plugged_in
from toy_core import INPUT, OUTPUT, toy_core

from dse.errors import DataError, DesignError
from hw_models.boards import BOARDS
from hw_models.host.session import Place, connected, run_images
from hw_models.payload import Payload
from hw_models.rtl.board import CoreInterface

TURNING = Payload(element_bits=8, lanes=1, beats=6)
CORE = CoreInterface(rtl=toy_core().rtl, input=TURNING, output=TURNING, digest="ab" * 32)


def place(core=CORE, *, baud=1_000_000, frame_cycles=1000, clock_mhz=100):
    return Place(
        core=core,
        board=BOARDS["ulx3s-85f"],
        clock_mhz=clock_mhz,
        baud=baud,
        frame_cycles=frame_cycles,
    )


def test_images_come_back_in_order_with_the_links_speed():
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 3, 1))
    done = []
    with (
        plugged_in(FakeBoard(identity=CORE.identity(100), faults=[None, "lose"])) as path,
        connected(place(), path, 115200, 0.2) as driver,
    ):
        session = run_images(driver, CORE, images, done.append)
    assert session.outputs.tolist() == images.reshape(9, 6)[:, ::-1].tolist()
    assert session.resent >= 1
    assert session.link_fps == pytest.approx(9 / session.seconds)
    assert done == list(range(1, 10))


def test_frames_of_another_size_are_an_error():
    other = CoreInterface(rtl=CORE.rtl, input=INPUT, output=OUTPUT, digest=CORE.digest)
    with (
        plugged_in(FakeBoard(identity=other.identity(100))) as path,
        connected(place(other), path, 115200, 10.0) as driver,
        pytest.raises(DataError, match="12 bytes, not 24"),
    ):
        run_images(driver, other, np.zeros((1, INPUT.elements), int))


def test_another_clock_is_another_design():
    with (
        plugged_in(FakeBoard(identity=CORE.identity(50))) as path,
        pytest.raises(DesignError, match=r"at 50 MHz, not .* at 100 MHz"),
        connected(place(), path, 115200, 10.0),
    ):
        pass


def test_answers_may_take_as_long_as_line_and_accelerator_need():
    assert place().answer_s() == pytest.approx(1 + 240 / 1e6 + 1000 / 100e6)
    assert place(baud=1200).answer_s() > place().answer_s() + 0.1
    assert place(frame_cycles=10**9).answer_s() > 10
    assert place(frame_cycles=10**6).virtual_answer_s() > 100
