import os

import pytest

from dse.errors import DataError
from hw_models.host.port import SerialPort


@pytest.fixture
def terminal():
    master, slave = os.openpty()
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_every_byte_goes_through_both_ways(terminal):
    master, path = terminal
    data = bytes(range(256))
    with SerialPort(path, 0) as port:
        port.write(data)
        assert os.read(master, 1000) == data
        os.write(master, data)
        received = b""
        while len(received) < len(data):
            received += port.read(1.0)
        assert received == data
        assert port.read(0.01) == b""


def test_a_port_in_use_is_refused(terminal):
    _, path = terminal
    with (
        SerialPort(path, 115200),
        pytest.raises(DataError, match="is in use"),
    ):
        SerialPort(path, 115200)
    SerialPort(path, 115200).close()


def test_what_is_no_port_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot open the port .*No such file"):
        SerialPort(tmp_path / "ttyUSB9", 115200)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DataError, match="is no serial port"):
        SerialPort(file, 115200)
    with pytest.raises(DataError, match="123 baud"):
        SerialPort(file, 123)


def test_a_port_that_goes_away_is_an_error():
    master, slave = os.openpty()
    path = os.ttyname(slave)
    with SerialPort(path, 0) as port:
        os.close(slave)
        os.close(master)
        with pytest.raises(DataError, match="is gone"):
            port.read(1.0)
        with pytest.raises(DataError, match="is gone"):
            port.write(b"x")
