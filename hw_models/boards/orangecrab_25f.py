"""OrangeCrab r0.2 with an LFE5U-25F."""

from hw_models.boards._ecp5 import LFE5U_25F, orangecrab

BOARD = orangecrab("25F", LFE5U_25F)
