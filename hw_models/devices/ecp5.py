"""Lattice ECP5."""

from hw_models.devices.base import BlockRam, Dsp, Family, LogicDelays
from hw_models.resources import Resources

FAMILY = Family(
    name="ecp5",
    title="Lattice ECP5",
    clock_mhz=100.0,
    lut_inputs=4,
    lut_ram_luts=0,  # there is distributed RAM, but it cannot be initialised
    dsp=Dsp(
        name="MULT18X18D",
        wide_bits=18,
        narrow_bits=18,
        takes_unsigned=True,
        subtracts=False,
        half_bits=0,  # the 9x9 pair mode is not in the open flow
        source="Lattice, ECP5 and ECP5-5G sysDSP Usage Guide",
    ),
    block_ram=BlockRam(
        name="DP16KD",
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        joined_rows=1,  # a block's output comes after 5.7 of 10 ns
        source="Lattice, ECP5 and ECP5-5G Memory Usage Guide",
    ),
    delays=LogicDelays(
        register_ns=1.33,
        row_ns=1.67,
        level_ns=0.85,
        source=(
            "fitted to 61 pipelined dot products placed by nextpnr-ecp5 0.11, LFE5U-85F, speed 6: "
            "mean error 8 %"
        ),
    ),
    part="LFE5U-85F",
    part_resources=Resources(lut=83_640, ff=83_640, dsp=156, bram18=208),
    part_source="Lattice, ECP5 and ECP5-5G Family Data Sheet",
)
