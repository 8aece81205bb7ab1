import pytest

from dse.errors import DesignError, ToolFailedError
from hw_models.boards import BOARDS
from hw_models.host.programmer import program, program_command


@pytest.fixture
def loader(tmp_path, monkeypatch):
    path = tmp_path / "openFPGALoader"
    path.write_text('#!/bin/sh\necho "$@"\ntest -f "$3" || { echo no such file; exit 1; }\n')
    path.chmod(0o755)
    monkeypatch.setenv("BITFRONT_OPENFPGALOADER", str(path))


def test_boards_are_programmed_by_their_name(loader, tmp_path):
    bitstream, log = tmp_path / "board.bit", tmp_path / "log"
    bitstream.write_text("bits")
    program(BOARDS["icebreaker"], bitstream, log)
    assert log.read_text() == f"-b ice40_generic {bitstream}\n"
    bitstream.unlink()
    with pytest.raises(ToolFailedError, match="no such file"):
        program(BOARDS["icebreaker"], bitstream, log)


@pytest.mark.parametrize("name", list(BOARDS))
def test_every_board_has_a_command_or_says_what_to_do(name, tmp_path):
    board = BOARDS[name]
    if board.programmer:
        command = program_command(board, tmp_path / "b")
        assert command == ("openFPGALoader", "-b", board.programmer, str(tmp_path / "b"))
    else:
        with pytest.raises(DesignError, match=f"does not know {name}.*hardware manager"):
            program_command(board, tmp_path / "b")
