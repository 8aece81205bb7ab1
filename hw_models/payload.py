"""Frames of a stream as bytes: what host and board exchange."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """How the elements of one frame of a stream lie in bytes.

    A beat holds `lanes` elements, element 0 in the low bits, and is padded with zero bits to whole
    bytes, the low byte first.

    Attributes:
        element_bits: Width of an element [bit].
        lanes: Elements in a beat.
        beats: Beats in a frame.
        is_signed: Whether elements are two's complement; codes are not.
    """

    element_bits: int
    lanes: int
    beats: int
    is_signed: bool = False

    @property
    def beat_bits(self) -> int:
        """Width of a beat [bit]."""
        return self.element_bits * self.lanes

    @property
    def beat_bytes(self) -> int:
        """Bytes of a beat."""
        return -(-self.beat_bits // 8)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame."""
        return self.beat_bytes * self.beats

    @property
    def elements(self) -> int:
        """Elements in a frame."""
        return self.lanes * self.beats

    def pack(self, elements: NDArray[Any]) -> bytes:
        """Return the bytes of one frame.

        Args:
            elements: `(elements,)` integers, or any shape with as many, in the stream's order.

        Raises:
            DataError: Their number is wrong, or one does not fit.
        """
        flat = elements.reshape(-1)
        if len(flat) != self.elements:
            raise DataError(f"a frame has {self.elements} elements, not {len(flat)}")
        low = -(1 << (self.element_bits - 1)) if self.is_signed else 0
        high = low + (1 << self.element_bits)
        if int(flat.min()) < low or int(flat.max()) >= high:
            raise DataError(
                f"elements of {self.element_bits} bits lie in [{low}, {high - 1}], "
                f"these in [{flat.min()}, {flat.max()}]"
            )
        mask = (1 << self.element_bits) - 1
        codes = [int(element) & mask for element in flat]
        frame = bytearray()
        for first in range(0, len(codes), self.lanes):
            beat = 0
            for lane, code in enumerate(codes[first : first + self.lanes]):
                beat |= code << (lane * self.element_bits)
            frame += beat.to_bytes(self.beat_bytes, "little")
        return bytes(frame)

    def unpack(self, frame: bytes) -> NDArray[Any]:
        """Return the elements of one frame: int64, or Python integers above 63 bits.

        Raises:
            DataError: The frame has another size.
        """
        if len(frame) != self.frame_bytes:
            raise DataError(f"a frame has {self.frame_bytes} bytes, not {len(frame)}")
        mask, sign = (1 << self.element_bits) - 1, 1 << (self.element_bits - 1)
        elements = []
        for first in range(0, len(frame), self.beat_bytes):
            beat = int.from_bytes(frame[first : first + self.beat_bytes], "little")
            for lane in range(self.lanes):
                code = beat >> (lane * self.element_bits) & mask
                elements.append((code ^ sign) - sign if self.is_signed else code)
        wide = self.element_bits > (64 if self.is_signed else 63)
        return np.array(elements, dtype=object if wide else np.int64)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(**data)
