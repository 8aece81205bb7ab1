"""MMCME4 of AMD UltraScale+, with whole dividers and an undivided input."""

from hw_models.pll.base import Limits, Pll

PLL = Pll(
    name="MMCME4_BASE",
    library="pll_xcup",
    dividers=(1,),
    multipliers=tuple(range(2, 129)),
    outputs=tuple(range(1, 129)),
    feeds_back_output=False,
    detector=Limits(low_mhz=10, high_mhz=450),
    vco=Limits(low_mhz=800, high_mhz=1600),
    clocks=Limits(low_mhz=6.25, high_mhz=630),
    source="AMD DS925, Zynq UltraScale+ MPSoC data sheet: MMCM switching characteristics; UG572",
)
