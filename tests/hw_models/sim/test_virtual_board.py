"""The board's top, from UART to UART, against good frames and everything else."""

import binascii
import random
import time

import numpy as np
import pytest
from toy_core import INPUT, OUTPUT, expected, toy_core

from dse.errors import DesignError, ToolFailedError
from hw_models.boards import BOARDS
from hw_models.host.driver import Driver
from hw_models.host.port import SerialPort
from hw_models.protocol import (
    END,
    ESC,
    FRAMES_IN_FLIGHT,
    Command,
    Frame,
    Reason,
    Reply,
    Splitter,
    State,
    framed,
)
from hw_models.sim.virtual_board import virtual_board

pytestmark = pytest.mark.tool("verilator")
CLOCK_MHZ = 100
TIMEOUT_S = 10.0  # nothing is lost: a slow machine must not look like a lost answer
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    with virtual_board(toy_core(), BOARDS["ulx3s-85f"], CLOCK_MHZ, folder) as path:
        yield path


@pytest.fixture
def port(terminal):
    with SerialPort(terminal, 0) as port:
        yield port


def images(count, seed):
    return np.random.default_rng(seed).integers(0, 32, (count, INPUT.elements))


def run_frame(image, number=0):
    return Frame(kind=Command.RUN, number=number, payload=INPUT.pack(image))


def replies(port, count, line):
    """Send `line` and return the board's next `count` frames; nothing else may come."""
    splitter, frames = Splitter(), []
    port.write(line)
    deadline = time.monotonic() + PATIENCE_S
    while len(frames) < count:
        assert time.monotonic() < deadline, f"only {frames} came"
        frames += splitter.feed(port.read(1.0))
    assert splitter.damaged == 0
    assert len(frames) == count
    return frames


def is_answer(frame, image, number):
    assert (frame.kind, frame.number) == (Reply.RESULT, number)
    assert OUTPUT.unpack(frame.payload).tolist() == expected(image).tolist()
    return True


def refusal(reason, number):
    return Frame(kind=Reply.REFUSAL, number=number, payload=bytes([reason]))


def settle(port):
    """Read until the board has nothing more to say, and nothing in flight."""
    while port.read(0.05):
        pass
    assert Driver(port, TIMEOUT_S).state().in_flight == 0


def test_the_driver_runs_frames_end_to_end(port):
    driver = Driver(port, TIMEOUT_S)
    driver.require(toy_core().identity(CLOCK_MHZ))
    before = driver.state()
    inputs = images(50, seed=1)
    results = list(driver.run(INPUT.pack(image) for image in inputs))
    for image, result in zip(inputs, results, strict=True):
        assert OUTPUT.unpack(result).tolist() == expected(image).tolist()
    assert driver.resent == 0
    after = driver.state()
    assert after == State(results=before.results + 50, refusals=before.refusals, in_flight=0)


def test_another_design_is_recognised(port):
    with pytest.raises(DesignError, match="runs another design"):
        Driver(port, TIMEOUT_S).require(toy_core("aa" * 32).identity(CLOCK_MHZ))


def test_two_frames_back_to_back_are_both_answered_in_order(port):
    first, second = images(2, seed=2)
    line = run_frame(first, 10).encode() + run_frame(second, 11).encode()
    found = replies(port, 2, line)
    assert is_answer(found[0], first, 10)
    assert is_answer(found[1], second, 11)


def bad_lines():
    image = images(1, seed=3)[0]
    good = run_frame(image, 7).encode()
    body = bytearray(good[1:-1])
    flipped = body.copy()
    flipped[8] ^= 1
    short = Frame(kind=Command.RUN, number=7, payload=INPUT.pack(image)[:-1])
    long = Frame(kind=Command.RUN, number=7, payload=INPUT.pack(image) + b"x")
    content = bytes([Command.RUN, 7, 99, 0, 0, 0]) + INPUT.pack(image)
    lying = framed(content + binascii.crc32(content).to_bytes(4, "little"))
    yield "checksum", bytes([END, *flipped, END]), Reason.DAMAGED
    yield "truncated", good[: len(good) // 2] + bytes([END]), Reason.DAMAGED
    yield "truncated, no end", good[: len(good) // 2], Reason.DAMAGED
    yield "cut in the header", good[:4] + bytes([END]), Reason.DAMAGED
    yield "escape of nothing", good[:20] + bytes([ESC, 1]) + good[20:], Reason.DAMAGED
    yield "escape at the end", good[:-1] + bytes([ESC, END]), Reason.DAMAGED
    yield "too short", short.encode(), Reason.LENGTH
    yield "too long", long.encode(), Reason.LENGTH
    yield "length that lies", lying, Reason.LENGTH
    yield "no such command", Frame(kind=0x55, number=7).encode(), Reason.COMMAND
    yield "a reply as a command", Frame(kind=Reply.STATE, number=7).encode(), Reason.COMMAND
    loaded = Frame(kind=Command.STATUS, number=7, payload=b"?").encode()
    yield "a payload where none belongs", loaded, Reason.LENGTH


BAD_LINES = list(bad_lines())


@pytest.mark.parametrize(
    ("line", "reason"), [line[1:] for line in BAD_LINES], ids=[line[0] for line in BAD_LINES]
)
def test_bad_frames_are_refused_and_the_next_good_one_works(port, line, reason):
    before = Driver(port, TIMEOUT_S).state()
    image = images(1, seed=4)[0]
    found = replies(port, 2, line + run_frame(image, 8).encode())
    assert found[0] in (refusal(reason, 7), refusal(reason, 0))
    assert is_answer(found[1], image, 8)
    after = Driver(port, TIMEOUT_S).state()
    assert after == State(results=before.results + 1, refusals=before.refusals + 1, in_flight=0)


def test_garbage_before_a_frame_is_refused_once(port):
    image = images(1, seed=5)[0]
    found = replies(port, 2, b"garbage without an end" + run_frame(image, 9).encode())
    assert found[0].kind == Reply.REFUSAL
    assert found[0].payload == bytes([Reason.DAMAGED])
    assert is_answer(found[1], image, 9)


def test_nothing_between_two_ends_is_no_frame(port):
    image = images(1, seed=6)[0]
    found = replies(port, 1, bytes([END] * 5) + run_frame(image, 1).encode() + bytes([END] * 5))
    assert is_answer(found[0], image, 1)
    assert port.read(0.05) == b""


def test_more_frames_than_the_board_takes_are_refused_as_busy(port):
    settle(port)
    inputs = images(6, seed=7)
    line = b"".join(run_frame(image, n).encode() for n, image in enumerate(inputs))
    found = replies(port, len(inputs), line)
    busy = [frame for frame in found if frame == refusal(Reason.BUSY, frame.number)]
    results = [frame for frame in found if frame.kind == Reply.RESULT]
    for frame in results:
        assert is_answer(frame, inputs[frame.number], frame.number)
    assert [frame.number for frame in results[:FRAMES_IN_FLIGHT]] == [0, 1]
    assert busy[0].number == FRAMES_IN_FLIGHT  # the core takes longer than a frame on the line
    assert sorted(frame.number for frame in busy + results) == [0, 1, 2, 3, 4, 5]
    settle(port)


def test_noise_never_hangs_the_board(port):
    source = random.Random(8)
    image = images(1, seed=9)[0]
    alphabet = [END, ESC, 0xDC, 0xDD, *Command, 0, 255]
    good = run_frame(image, 3).encode()
    for _ in range(30):
        pieces = [bytes(source.choices(alphabet, k=source.randrange(40))) for _ in range(3)]
        cut = source.randrange(len(good))
        port.write(pieces[0] + good[:cut] + pieces[1] + good[cut:] + pieces[2])
        settle(port)
        driver = Driver(port, TIMEOUT_S)
        (result,) = driver.run([INPUT.pack(image)])
        assert OUTPUT.unpack(result).tolist() == expected(image).tolist()
        assert driver.state().in_flight == 0


def test_a_board_without_its_program_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("hw_models.sim.virtual_board.simulator", lambda *_: "/bin/false")
    with (
        pytest.raises(ToolFailedError, match="exit code 1"),
        virtual_board(toy_core(), BOARDS["icebreaker"], 24, tmp_path),
    ):
        pass
