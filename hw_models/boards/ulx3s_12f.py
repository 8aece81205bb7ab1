"""Radiona ULX3S with an LFE5U-12F."""

from hw_models.boards._ecp5 import LFE5U_12F, ulx3s

BOARD = ulx3s("12F", LFE5U_12F)
