"""The driver against a board that loses, damages and refuses."""

from contextlib import contextmanager

import pytest
from fake_board import IDENTITY, FakeBoard, plugged_in

from dse.errors import DataError, DesignError, ToolTimeoutError
from hw_models.host.driver import ATTEMPTS, Driver
from hw_models.host.port import SerialPort
from hw_models.protocol import FRAMES_IN_FLIGHT, Command, Identity, Reason, State

TIMEOUT_S = 10.0  # nothing is lost: a slow machine must not look like a lost answer
SHORT_S = 0.2
PAYLOADS = [bytes([i, 0xC0, 0xDB, 255 - i]) for i in range(20)]
RESULTS = [payload[::-1] for payload in PAYLOADS]


@contextmanager
def driver_of(board, timeout_s=TIMEOUT_S):
    with plugged_in(board) as path, SerialPort(path, 115200) as port:
        yield Driver(port, timeout_s)


def test_a_board_says_who_it_is_and_what_it_did():
    with driver_of(FakeBoard()) as driver:
        assert driver.identify() == IDENTITY
        driver.require(IDENTITY)
        assert list(driver.run(PAYLOADS)) == RESULTS
        assert driver.state() == State(results=20, refusals=0, in_flight=0)
        assert driver.resent == 0


def test_frames_are_sent_ahead_and_never_more_than_the_board_takes():
    sent = []

    def payloads():
        for payload in PAYLOADS:
            sent.append(payload)
            yield payload

    with driver_of(FakeBoard()) as driver:
        for count, result in enumerate(driver.run(payloads())):
            assert result == RESULTS[count]
            assert len(sent) <= count + FRAMES_IN_FLIGHT + 1


@pytest.mark.parametrize(
    "faults",
    [
        ["lose"],
        ["damage"],
        [Reason.DAMAGED],
        [Reason.BUSY, Reason.BUSY],
        [None, "lose", None, None, "damage", Reason.DAMAGED, "lose"],
    ],
)
def test_what_goes_wrong_on_the_line_is_repaired(faults):
    with driver_of(FakeBoard(faults=faults), timeout_s=SHORT_S) as driver:
        assert list(driver.run(PAYLOADS)) == RESULTS
        assert driver.resent >= 1


@pytest.mark.parametrize("fault", ["lose", "damage", Reason.BUSY])
def test_questions_are_asked_again(fault):
    board = FakeBoard(faults=[fault])
    with driver_of(board, timeout_s=SHORT_S) as driver:
        assert driver.identify() == IDENTITY
        assert driver.resent >= 1
    assert {command.kind for command in board.commands} == {Command.IDENTIFY}
    assert len(board.commands) >= 2


def test_a_silent_board_is_an_error():
    for faults in (["lose"] * 40, ["damage"] * 40):
        with driver_of(FakeBoard(faults=faults), timeout_s=0.02) as driver:
            with pytest.raises(ToolTimeoutError, match=f"no answer within {ATTEMPTS} times"):
                driver.identify()
            with pytest.raises(ToolTimeoutError, match="is it programmed"):
                list(driver.run(PAYLOADS))


def test_a_board_that_stays_busy_is_an_error():
    board = FakeBoard(faults=[Reason.BUSY] * 10_000)
    with (
        driver_of(board, timeout_s=0.02) as driver,
        pytest.raises(ToolTimeoutError, match="no answer"),
    ):
        list(driver.run(PAYLOADS))


def test_another_design_is_refused():
    other = Identity(input_bytes=4, output_bytes=4, clock_khz=25_000, digest=bytes([1] * 16))
    refused = pytest.raises(DesignError, match="runs another design")
    with driver_of(FakeBoard(identity=other)) as driver, refused:
        driver.require(IDENTITY)


def test_frames_the_board_does_not_know_are_refused():
    refused = pytest.raises(DataError, match="refuses the frame: length")
    with driver_of(FakeBoard(faults=[Reason.LENGTH])) as driver, refused:
        list(driver.run(PAYLOADS))


def test_another_protocol_is_refused():
    newer = Identity(version=2, input_bytes=4, output_bytes=4, clock_khz=1, digest=bytes(16))
    refused = pytest.raises(DataError, match="speaks protocol 2, not 1")
    with driver_of(FakeBoard(identity=newer)) as driver, refused:
        driver.identify()


def test_late_answers_to_frames_sent_again_are_nobodys():
    board = FakeBoard(faults=["lose"])
    with driver_of(board, timeout_s=SHORT_S) as driver:
        assert list(driver.run(PAYLOADS[:2])) == RESULTS[:2]
    numbers = [command.number for command in board.commands]
    assert len(set(numbers)) == len(numbers)
