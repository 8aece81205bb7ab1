"""AMD 7 series: Artix-7, Kintex-7, Virtex-7, Zynq-7000."""

from hw_models.devices.base import BlockRam, Dsp, Family, LogicDelays
from hw_models.resources import Resources

FAMILY = Family(
    name="xc7",
    title="AMD 7 series",
    clock_mhz=150.0,
    lut_inputs=6,
    lut_ram_luts=4,  # UG474: RAM64M, RAM32M
    dsp=Dsp(
        name="DSP48E1",
        wide_bits=25,
        narrow_bits=18,
        takes_unsigned=False,
        subtracts=True,
        half_bits=0,
        source="UG479",
    ),
    block_ram=BlockRam(
        name="RAMB18E1",
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        joined_rows=16,  # what the multiplexers of one CLB slice join
        source="UG473",
    ),
    delays=LogicDelays(
        register_ns=1.2,
        row_ns=1.5,
        level_ns=0.7,
        source="assumption: there is no place and route to fit them to",
    ),
    part="XC7Z020",
    part_resources=Resources(lut=53_200, ff=106_400, dsp=220, bram18=280),
    part_source="DS190",
)
