"""A serial port: a tty, raw, with time-outs. A pseudo-terminal is one too."""

import fcntl
import os
import select
import termios
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

from dse.errors import DataError

_CHUNK = 4096


class SerialPort:
    """An open serial port, eight data bits, no parity, one stop bit, no flow control.

    What comes in while bytes go out is kept, so that two sides that both talk cannot block.

    Args:
        path: The tty.
        baud: Its speed [bit/s]; 0 leaves it as it is, for terminals that have none.

    Raises:
        DataError: It cannot be opened, is no tty, is in use, or cannot have this speed.
    """

    def __init__(self, path: Path, baud: int) -> None:
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise DataError(f"this system cannot set {baud} baud; build for a standard speed")
        self.path = path
        self._received = b""
        try:
            self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise DataError(f"cannot open the port {path}: {error.strerror}") from error
        try:
            self._configure(speed)
        except OSError as error:
            self.close()
            raise DataError(f"the port {path} is in use: {error.strerror}") from error
        except termios.error as error:
            self.close()
            raise DataError(f"{path} is no serial port: {error.args[-1]}") from error

    def _configure(self, speed: int) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tty.setraw(self._file)
        settings = termios.tcgetattr(self._file)
        settings[2] |= termios.CLOCAL | termios.CREAD
        settings[2] &= ~(termios.CSTOPB | termios.CRTSCTS)
        if speed:
            settings[4] = settings[5] = speed
        termios.tcsetattr(self._file, termios.TCSANOW, settings)
        termios.tcflush(self._file, termios.TCIOFLUSH)

    def close(self) -> None:
        """Close the port."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            DataError: The port is gone.
        """
        while data:
            readable, writable, _ = select.select([self._file], [self._file], [])
            if readable:
                self._received += self._read()
            if writable:
                data = data[self._write(data) :]

    def read(self, timeout_s: float) -> bytes:
        """Return the bytes that came, waiting for the first; empty if none does in time.

        Raises:
            DataError: The port is gone.
        """
        received, self._received = self._received, b""
        if received:
            return received
        readable, _, _ = select.select([self._file], [], [], timeout_s)
        return self._read() if readable else b""

    def _read(self) -> bytes:
        try:
            data = os.read(self._file, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DataError(f"the port {self.path} is gone: {error.strerror}") from error
        if not data:
            raise DataError(f"the port {self.path} is gone: end of file")
        return data

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._file, data[:_CHUNK])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise DataError(f"the port {self.path} is gone: {error.strerror}") from error
