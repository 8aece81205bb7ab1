"""Lattice iCE40: LP, HX and UltraPlus; only UltraPlus has DSP blocks."""

from hw_models.devices.base import BlockRam, Dsp, Family, LogicDelays
from hw_models.resources import Resources

FAMILY = Family(
    name="ice40",
    title="Lattice iCE40",
    clock_mhz=24.0,
    lut_inputs=4,
    lut_ram_luts=0,
    dsp=Dsp(
        name="SB_MAC16",
        wide_bits=16,
        narrow_bits=16,
        takes_unsigned=True,
        subtracts=False,
        half_bits=8,
        source="Lattice, DSP Function Usage Guide for iCE40 Devices",
    ),
    block_ram=BlockRam(
        name="SB_RAM40_4K",
        shapes=((2048, 2), (1024, 4), (512, 8), (256, 16)),
        joined_rows=30,  # all blocks of an UP5K: five LUTs deep, a third of 42 ns
        source="Lattice TN1250, Memory Usage Guide for iCE40 Devices",
    ),
    delays=LogicDelays(
        register_ns=6.3,
        row_ns=4.3,
        level_ns=2.2,
        source="fitted to 31 pipelined dot products placed by nextpnr-ice40 0.11, UP5K: "
        "mean error 8 %",
    ),
    part="iCE40UP5K",
    part_resources=Resources(lut=5280, ff=5280, dsp=8, bram18=30),
    part_source="Lattice, iCE40 UltraPlus Family Data Sheet",
)
