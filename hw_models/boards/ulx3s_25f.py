"""Radiona ULX3S with an LFE5U-25F."""

from hw_models.boards._ecp5 import LFE5U_25F, ulx3s

BOARD = ulx3s("25F", LFE5U_25F)
