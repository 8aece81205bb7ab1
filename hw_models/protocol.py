"""The protocol between host and board: frames over a UART, eight data bits, one stop bit.

A frame is a header, a payload and a checksum. It is sent as RFC 1055 (SLIP) has it: ``END`` before
and after, and between them ``ESC ESC_END`` for a byte ``END`` and ``ESC ESC_ESC`` for a byte
``ESC``. ``END`` thus never occurs inside a frame: whatever went wrong before, the next ``END``
starts afresh, so neither side can be left waiting by garbage, and no time-out is needed on the
board. Nothing between two ``END`` is no frame.

======  =======  ====================================================================
byte    field    meaning
======  =======  ====================================================================
0       kind     a `Command` from the host, a `Reply` from the board
1       number   chosen by the host; a reply repeats its command's
2…5     length   bytes of payload
6…      payload  see below
last 4  crc      CRC-32/ISO-HDLC (that of zlib) over all bytes before it
======  =======  ====================================================================

Numbers of several bytes are little endian. Every command is answered by one reply:

========  ====================  ========  ====================================================
command   its payload           reply     its payload
========  ====================  ========  ====================================================
IDENTIFY  none                  IDENTITY  see `Identity`
RUN       an input frame        RESULT    an output frame
STATUS    none                  STATE     see `State`
any       damaged, refused      REFUSAL   one byte, a `Reason`
========  ====================  ========  ====================================================

Input and output frames are the beats of the accelerator's streams, each padded with zero bits to
whole bytes (`hw_models.payload`). Results come in the order of their frames. The board takes
`FRAMES_IN_FLIGHT` frames that are not yet answered; a further one is refused as ``BUSY``. A frame
that is damaged never reaches the accelerator. A refusal of a damaged frame repeats the number that
was received, which may be damaged too. One refusal and one answer to ``IDENTIFY`` or ``STATUS`` can
wait or be sent at a time, and further ones are dropped: a host that waits for an answer before it
asks again loses none.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from dse.errors import DataError

VERSION = 1
END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
CRC_POLYNOMIAL = 0xEDB88320
"""Of CRC-32/ISO-HDLC, bits reversed; register and result start and end inverted."""
CRC_RESIDUE = 0xDEBB20E3
"""What the register holds after a whole frame, its checksum included."""
HEADER_BYTES, CRC_BYTES, DIGEST_BYTES = 6, 4, 16
FRAMES_IN_FLIGHT = 2

_HEADER = struct.Struct("<BBI")
_CRC = struct.Struct("<I")
_IDENTITY = struct.Struct(f"<BIII{DIGEST_BYTES}s")
_STATE = struct.Struct("<HHB")


class Command(IntEnum):
    """What the host asks."""

    IDENTIFY = 0x01
    RUN = 0x02
    STATUS = 0x03


class Reply(IntEnum):
    """What the board answers."""

    IDENTITY = 0x81
    RESULT = 0x82
    STATE = 0x83
    REFUSAL = 0x8F


class Reason(IntEnum):
    """Why the board refuses a frame; the first that applies, in this order."""

    DAMAGED = 1  #: The checksum or an escape is wrong
    COMMAND = 2  #: There is no such command
    LENGTH = 3  #: The length differs from the command's, or from the bytes that came
    BUSY = 4  #: As many frames are in flight as the board takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame.

    Attributes:
        kind: `Command` or `Reply`, or another byte that somebody sent.
        number: Sequence number, 0 to 255.
        payload: Its content.
    """

    kind: int
    number: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes on the wire, with ``END`` before and after."""
        body = _HEADER.pack(self.kind, self.number, len(self.payload)) + self.payload
        return framed(body + _CRC.pack(zlib.crc32(body)))

    @classmethod
    def decode(cls, body: bytes) -> Self | None:
        """Read what stood between two ``END``, or return None if it is damaged."""
        plain = _unescaped(body)
        if plain is None or len(plain) < HEADER_BYTES + CRC_BYTES:
            return None
        content, (crc,) = plain[:-CRC_BYTES], _CRC.unpack(plain[-CRC_BYTES:])
        kind, number, length = _HEADER.unpack(content[:HEADER_BYTES])
        payload = content[HEADER_BYTES:]
        if zlib.crc32(content) != crc or len(payload) != length:
            return None
        return cls(kind=kind, number=number, payload=payload)


def framed(body: bytes) -> bytes:
    """Return `body` escaped, with ``END`` before and after."""
    inside = body.replace(bytes([ESC]), bytes([ESC, ESC_ESC]))
    inside = inside.replace(bytes([END]), bytes([ESC, ESC_END]))
    return bytes([END]) + inside + bytes([END])


def _unescaped(body: bytes) -> bytes | None:
    """Undo the escapes; None if one is illegal."""
    parts = body.split(bytes([ESC]))
    plain = bytearray(parts[0])
    for part in parts[1:]:
        if not part or part[0] not in (ESC_END, ESC_ESC):
            return None
        plain.append(END if part[0] == ESC_END else ESC)
        plain += part[1:]
    return bytes(plain)


class Splitter:
    """Cuts the stream of received bytes into frames and drops what is damaged."""

    def __init__(self) -> None:
        self._rest = b""
        self.damaged = 0
        """How many pieces between two ``END`` were no frame."""

    def feed(self, received: bytes) -> Iterator[Frame]:
        """Take the bytes that came and yield the frames that are complete."""
        *bodies, self._rest = (self._rest + received).split(bytes([END]))
        for body in filter(None, bodies):
            frame = Frame.decode(body)
            if frame is None:
                self.damaged += 1
            else:
                yield frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a board says of its design: payload of ``IDENTITY``, in this order.

    Attributes:
        version: Version of the protocol, one byte.
        input_bytes: Payload of ``RUN``, four bytes.
        output_bytes: Payload of ``RESULT``, four bytes.
        clock_khz: Clock of the accelerator [kHz], four bytes.
        digest: First `DIGEST_BYTES` bytes of the design's sha256.
    """

    version: int = VERSION
    input_bytes: int
    output_bytes: int
    clock_khz: int
    digest: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return _IDENTITY.pack(
            self.version, self.input_bytes, self.output_bytes, self.clock_khz, self.digest
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the payload.

        Raises:
            DataError: It has another size, so the board speaks another protocol.
        """
        if len(payload) != _IDENTITY.size:
            raise DataError(f"an identity has {_IDENTITY.size} bytes, not {len(payload)}")
        version, input_bytes, output_bytes, clock_khz, digest = _IDENTITY.unpack(payload)
        return cls(
            version=version,
            input_bytes=input_bytes,
            output_bytes=output_bytes,
            clock_khz=clock_khz,
            digest=digest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a board counts: payload of ``STATE``, in this order.

    Attributes:
        results: Results sent since power-on, two bytes, from 0 again after 65535.
        refusals: Frames refused, likewise; also those whose refusal was dropped.
        in_flight: Frames taken and not yet answered, one byte.
    """

    results: int
    refusals: int
    in_flight: int

    def encode(self) -> bytes:
        """Return the payload."""
        return _STATE.pack(self.results, self.refusals, self.in_flight)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the payload.

        Raises:
            DataError: It has another size.
        """
        if len(payload) != _STATE.size:
            raise DataError(f"a state has {_STATE.size} bytes, not {len(payload)}")
        results, refusals, in_flight = _STATE.unpack(payload)
        return cls(results=results, refusals=refusals, in_flight=in_flight)
