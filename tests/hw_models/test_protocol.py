import binascii
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DataError
from hw_models import protocol
from hw_models.protocol import (
    END,
    ESC,
    Command,
    Frame,
    Identity,
    Reason,
    Reply,
    Splitter,
    State,
    framed,
)

frames = st.builds(
    Frame,
    kind=st.sampled_from([*Command, *Reply]).map(int),
    number=st.integers(0, 255),
    payload=st.binary(max_size=40) | st.lists(st.sampled_from([END, ESC])).map(bytes),
)


def crc_by_the_bit(data):
    """Return the register after `data`, one bit at a time, as the hardware does it."""
    register = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            out = (register ^ byte >> bit) & 1
            register = register >> 1 ^ (protocol.CRC_POLYNOMIAL if out else 0)
    return register


def test_the_checksum_is_the_standard_one():
    assert crc_by_the_bit(b"123456789") ^ 0xFFFFFFFF == 0xCBF43926  # the catalogue's check value
    data = b"any bytes"
    checksum = binascii.crc32(data).to_bytes(4, "little")
    assert crc_by_the_bit(data + checksum) == protocol.CRC_RESIDUE


def test_bytes_are_those_of_the_table():
    sent = Frame(kind=Command.RUN, number=7, payload=bytes([1, END, ESC])).encode()
    body = bytes([2, 7, 3, 0, 0, 0, 1, END, ESC])
    crc = binascii.crc32(body).to_bytes(4, "little")
    assert sent == framed(body + crc)
    assert sent.startswith(bytes([0xC0, 2, 7, 3, 0, 0, 0, 1, 0xDB, 0xDC, 0xDB, 0xDD]))
    assert sent.count(END) == 2


@given(st.lists(frames, max_size=4), st.integers(1, 9))
def test_frames_come_through_in_pieces(sent, size):
    line = b"".join(frame.encode() for frame in sent)
    splitter = Splitter()
    received = [f for i in range(0, len(line), size) for f in splitter.feed(line[i : i + size])]
    assert received == sent
    assert splitter.damaged == 0


@given(frames, frames, st.data())
def test_a_flipped_bit_costs_one_frame_at_most(damaged, good, data):
    line = bytearray(damaged.encode())
    position = data.draw(st.integers(0, len(line) - 1))
    line[position] ^= 1 << data.draw(st.integers(0, 7))
    received = list(Splitter().feed(bytes(line) + good.encode()))
    assert good in received
    assert damaged == good or damaged not in received


@given(frames, frames, st.integers(1, 60))
def test_a_truncated_frame_is_dropped_and_counted(cut, good, kept):
    line = cut.encode()
    kept = min(kept, len(line) - 2)
    splitter = Splitter()
    assert list(splitter.feed(line[:kept] + good.encode())) == [good]
    assert splitter.damaged == (kept > 1)


@given(st.binary(max_size=60), frames)
def test_garbage_before_a_frame_does_not_hide_it(garbage, good):
    assert list(Splitter().feed(garbage + good.encode()))[-1] == good


def test_a_frame_whose_length_differs_is_dropped():
    body = bytes([1, 0, 9, 0, 0, 0, 5])
    line = framed(body + binascii.crc32(body).to_bytes(4, "little"))
    assert list(Splitter().feed(line)) == []
    assert Frame.decode(bytes([ESC, 7])) is None
    assert Frame.decode(bytes([ESC])) is None


def test_answers_are_read_back():
    identity = Identity(
        input_bytes=784, output_bytes=30, clock_khz=100_000, digest=bytes(range(16))
    )
    assert Identity.decode(identity.encode()) == identity
    state = State(results=65535, refusals=3, in_flight=2)
    assert State.decode(state.encode()) == state
    with pytest.raises(DataError, match="29 bytes"):
        Identity.decode(b"")
    with pytest.raises(DataError, match="5 bytes"):
        State.decode(bytes(6))


def test_every_code_is_documented_and_its_own():
    names = [member.name for kind in (Command, Reply, Reason) for member in kind]
    assert len(set(names)) == len(names)
    codes = [int(member) for kind in (Command, Reply) for member in kind]
    assert len(set(codes)) == len(codes)
    table = re.split(r"\W+", protocol.__doc__)
    for member in (*Command, *Reply):
        assert member.name in table
