"""Clock synthesisers: one file is one FPGA family's."""

from dse.registry import Registry
from hw_models.pll.base import Pll

PLLS: Registry[Pll] = Registry("hw_models.pll", "PLL", Pll, "PLL")
"""By name of the family, as in `hw_models.devices.DEVICES`."""
