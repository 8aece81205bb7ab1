"""Boards: one file is one board."""

from dse.registry import Registry
from hw_models.boards.base import Board

BOARDS: Registry[Board] = Registry("hw_models.boards", "BOARD", Board, "board")
