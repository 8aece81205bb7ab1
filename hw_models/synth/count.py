"""What a synthesised netlist takes of a device."""

from collections import Counter
from dataclasses import dataclass

from dse.errors import ReportParseError
from hw_models.resources import Resources
from hw_models.synth.netlist import Module, Netlist
from hw_models.synth.packing import shared_luts

# Transistors of static CMOS gates: 2 for each input of an inverting gate, an inverter more for
# others, 12 for XOR and MUX, 16 for a flip-flop (Weste and Harris, CMOS VLSI Design, chapter 1).
NAND_TRANSISTORS = 4
FLIP_FLOP_TRANSISTORS = 16
_TRANSISTORS = {
    "$_NOT_": 2,
    "$_NAND_": NAND_TRANSISTORS,
    "$_NOR_": 4,
    "$_AND_": 6,
    "$_OR_": 6,
    "$_ANDNOT_": 6,
    "$_ORNOT_": 6,
    "$_XOR_": 12,
    "$_XNOR_": 12,
    "$_MUX_": 12,
    "$_DFF_P_": FLIP_FLOP_TRANSISTORS,
}
_GATES = dict.fromkeys(_TRANSISTORS, 1) | {"$_MUX_": 3, "$_NOT_": 0, "$_DFF_P_": 0}

_LUTS = {
    "ecp5": {
        "LUT4": 1,
        "CCU2C": 2,
        "TRELLIS_DPR16X4": 6,  # four hold the bits, the write port takes two, as nextpnr counts
    },
    "xcup": {
        **{f"LUT{n}": 1 for n in range(1, 7)},
        **{"LUT6_2": 1, "INV": 1, "SRL16E": 1, "SRLC32E": 1},
        **{"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8},  # memories of 4 or 8 LUTs
        **{"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4},
        **{"RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4},  # UG474, table 2-3
    },
    "ice40": {"SB_LUT4": 1},
}
_OTHER = {
    "ecp5": {"ff": {"TRELLIS_FF": 1}, "dsp": {"MULT18X18D": 1}, "bram18": {"DP16KD": 1}},
    "xcup": {
        "ff": {"FDRE": 1, "FDSE": 1, "FDCE": 1, "FDPE": 1},
        "dsp": {"DSP48E1": 1, "DSP48E2": 1},
        "bram18": {"RAMB18E1": 1, "RAMB18E2": 1, "RAMB36E1": 2, "RAMB36E2": 2},
    },
    "ice40": {
        "ff": {f"SB_DFF{suffix}": 1 for suffix in ("", "E", "SR", "ESR", "SS", "ESS", "R", "ER")},
        "dsp": {"SB_MAC16": 1},
        "bram18": {"SB_RAM40_4K": 1},
    },
}
_FREE = {
    "ecp5": {"PFUMX", "L6MUX21", "EHXPLLL"},
    "xcup": {"CARRY4", "CARRY8", "MUXF7", "MUXF8", "BUFG", "VCC", "GND"},
    "ice40": {"SB_CARRY", "SB_PLL40_PAD"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """Counts of one synthesised design.

    Args:
        resources: LUT (by the device's rule), flip-flops, DSP blocks, block RAMs.
        lut_packed: LUT sites when small LUTs share one; equal to the LUT count but on Xilinx.
        carry: Carry cells.
        gates: 2-input gates, a MUX counted 3, inverters not; 0 on FPGAs.
        transistors: CMOS transistors, flip-flops included; 0 on FPGAs.
        tool: Which tool synthesised.
        version: Its version.
    """

    resources: Resources
    lut_packed: int
    carry: int
    gates: int = 0
    transistors: int = 0
    tool: str = "yosys"
    version: str


def count(netlist: Netlist, device: str, version: str) -> Synthesis:
    """Count what `netlist` takes of `device`.

    `lut`: on ecp5 LUT4 + 2 · CCU2C, and the LUT RAM that a host link may have; on ice40 SB_LUT4 and
    the carries that share none; on xc7 and xcup LUT cells, a LUT6_2 counting 1.

    Raises:
        ReportParseError: A cell without a rule, so that nothing is ever counted 0 unnoticed.
    """
    cells = netlist.count()
    if device == "gates":
        _refuse_unknown(cells, set(_TRANSISTORS), device)
        return Synthesis(
            resources=Resources(ff=cells["$_DFF_P_"]),
            lut_packed=0,
            carry=0,
            gates=_weigh(cells, _GATES),
            transistors=_weigh(cells, _TRANSISTORS),
            version=version,
        )
    family = "xcup" if device == "xc7" else device
    rules = {"lut": _LUTS[family], **_OTHER[family]}
    known = _FREE[family].union(*(rule.keys() for rule in rules.values()))
    _refuse_unknown(cells, known, device)
    counts = {resource: _weigh(cells, rule) for resource, rule in rules.items()}
    shared = 0
    if family == "ice40":
        counts["lut"] += sum(_lone_carries(module) for module in netlist.instances())
    elif family == "xcup":
        shared = sum(shared_luts(module) for module in netlist.instances())
    return Synthesis(
        resources=Resources(**counts),
        lut_packed=counts["lut"] - shared,
        carry=sum(cells[name] for name in ("CCU2C", "SB_CARRY", "CARRY4", "CARRY8")),
        version=version,
    )


def _weigh(cells: Counter[str], weights: dict[str, int]) -> int:
    return sum(weight * cells[name] for name, weight in weights.items())


def _refuse_unknown(cells: Counter[str], known: set[str], device: str) -> None:
    unknown = sorted(set(cells) - known)
    if unknown:
        raise ReportParseError(f"no rule counts the {device} cells {', '.join(unknown)}")


def _lone_carries(module: Module) -> int:
    """Count iCE40 carries whose logic cell no LUT can share.

    A LUT shares a carry's cell if it takes the same two operands at I1 and I2 and the same carry
    at I3.
    """
    luts = Counter(
        (frozenset((cell.pins["I1"], cell.pins["I2"])), cell.pins["I3"])
        for cell in module.cells.values()
        if cell.type == "SB_LUT4"
    )
    lone = 0
    for cell in module.cells.values():
        if cell.type == "SB_CARRY":
            key = (frozenset((cell.pins["I0"], cell.pins["I1"])), cell.pins["CI"])
            if luts[key] > 0:
                luts[key] -= 1
            else:
                lone += 1
    return lone
