"""OrangeCrab r0.2 with an LFE5U-85F."""

from hw_models.boards._ecp5 import LFE5U_85F, orangecrab

BOARD = orangecrab("85F", LFE5U_85F)
