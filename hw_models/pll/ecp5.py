"""EHXPLLL of the Lattice ECP5."""

from hw_models.pll.base import Limits, Pll

PLL = Pll(
    name="EHXPLLL",
    library="pll_ecp5",
    dividers=tuple(range(1, 129)),
    multipliers=tuple(range(1, 81)),
    outputs=tuple(range(1, 129)),
    feeds_back_output=True,
    detector=Limits(low_mhz=3.125, high_mhz=400),
    vco=Limits(low_mhz=400, high_mhz=800),
    clocks=Limits(low_mhz=10, high_mhz=400),
    source="Lattice FPGA-TN-02200, ECP5 and ECP5-5G sysCLOCK PLL/DLL Design and Usage Guide; "
    "ecppll of Project Trellis",
)
