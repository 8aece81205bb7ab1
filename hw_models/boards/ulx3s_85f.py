"""Radiona ULX3S with an LFE5U-85F."""

from hw_models.boards._ecp5 import LFE5U_85F, ulx3s

BOARD = ulx3s("85F", LFE5U_85F)
