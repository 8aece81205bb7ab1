"""SB_PLL40 of the Lattice iCE40, with simple feedback."""

from hw_models.pll.base import Limits, Pll

PLL = Pll(
    name="SB_PLL40_PAD",
    library="pll_ice40",
    dividers=tuple(range(1, 17)),
    multipliers=tuple(range(1, 129)),
    outputs=(2, 4, 8, 16, 32, 64),
    feeds_back_output=False,
    detector=Limits(low_mhz=10, high_mhz=133),
    vco=Limits(low_mhz=533, high_mhz=1066),
    clocks=Limits(low_mhz=16, high_mhz=275),
    source="Lattice TN1251, iCE40 sysCLOCK PLL Design and Usage Guide; icepll of Project IceStorm",
)
