"""MMCME2 of the AMD 7 series, speed grade -1, with whole dividers and an undivided input."""

from hw_models.pll.base import Limits, Pll

PLL = Pll(
    name="MMCME2_BASE",
    library="pll_xc7",
    dividers=(1,),
    multipliers=tuple(range(2, 65)),
    outputs=tuple(range(1, 129)),
    feeds_back_output=False,
    detector=Limits(low_mhz=10, high_mhz=450),
    vco=Limits(low_mhz=600, high_mhz=1200),
    clocks=Limits(low_mhz=4.69, high_mhz=800),
    source="AMD DS187, Zynq-7000 SoC data sheet: MMCM switching characteristics; UG472",
)
