"""What simulators take for chains of device cells, proven equal to the cells Yosys models."""

import random

import pytest

from hw_models.rtl.cell import LIBRARY
from hw_models.sim.program import MODELS
from hw_models.synth.yosys import Job, run_yosys

CHAINS = {
    "ecp5_chain": ("+/ecp5/cells_sim.v", "CCU2C LUT2 LUT4", 16, ("",)),
    "xilinx_chain": ("+/xilinx/cells_sim.v", "CARRY4 LUT6 LUT6_2", 64, ("INVERSE 0", "INVERSE 1")),
}
TO_GATES = ("proc", "flatten", "opt_clean")


def proof(name, bits, seed):
    """Return the jobs that prove a chain of random tables equal to its model."""
    cells, primitives, table_bits, variants = CHAINS[name]
    tables = random.Random(seed).getrandbits(bits * table_bits)
    for variant in variants:
        settings = f"-set N {bits} -set TABLES {bits * table_bits}'h{tables:x}"
        settings += f" -set {variant}" if variant else ""
        one = f"chparam {settings} bf_{name}"
        passes = (
            f"read_verilog -nooverwrite {cells}",
            f"select -set primitives {primitives}",
            "delete =* @primitives %d",
            f'read_verilog -sv "{LIBRARY / name}.sv"',
            one,
            f"hierarchy -check -top bf_{name}",
            *TO_GATES,
            "rename -top cells",
            "design -stash cells",
            f'read_verilog -sv "{MODELS / name}.sv"',
            one,
            f"hierarchy -check -top bf_{name}",
            *TO_GATES,
            "rename -top model",
            "design -copy-from cells -as cells cells",
            "miter -equiv -flatten cells model miter",
            "hierarchy -top miter",
            "sat -verify -prove trigger 0 miter",
        )
        yield Job(label=f"{name} {bits} {variant}", top="miter", text="", passes=passes)


@pytest.mark.parametrize("name", list(CHAINS))
def test_every_model_computes_what_its_cells_do(name):
    jobs = [job for bits in (2, 5, 8) for job in proof(name, bits, seed=bits)]
    assert len(list(run_yosys(jobs))) == len(jobs)
