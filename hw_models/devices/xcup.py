"""AMD UltraScale+: Artix, Kintex, Virtex and Zynq UltraScale+."""

from hw_models.devices.base import BlockRam, Dsp, Family, LogicDelays
from hw_models.resources import Resources

FAMILY = Family(
    name="xcup",
    title="AMD UltraScale+",
    clock_mhz=250.0,
    lut_inputs=6,
    lut_ram_luts=8,  # UG574: RAM64M8, RAM32M16
    dsp=Dsp(
        name="DSP48E2",
        wide_bits=27,
        narrow_bits=18,
        takes_unsigned=False,
        subtracts=True,
        half_bits=0,
        source="UG579",
    ),
    block_ram=BlockRam(
        name="RAMB18E2",
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        joined_rows=16,  # what the multiplexers of one CLB slice join
        source="UG573",
    ),
    delays=LogicDelays(
        register_ns=0.5,
        row_ns=0.7,
        level_ns=0.35,
        source="assumption: there is no place and route to fit them to",
    ),
    part="XCZU7EV",
    part_resources=Resources(lut=230_400, ff=460_800, dsp=1728, bram18=624, uram=96),
    part_source="DS891",
)
