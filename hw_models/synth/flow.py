"""Yosys commands: what each device's synthesis runs, and how a design becomes plain gates."""

from collections.abc import Sequence
from pathlib import Path

from hw_models.arith.cell import Style
from hw_models.rtl.design import Rtl
from hw_models.synth.yosys import Job

# ABC's scripts are pinned: another one moves counts by several per cent. These map for area. On
# Xilinx &scorr sees through carry cells, and spends inverters on what they give for nothing.
_MAP = "&sweep;&dc2;&dch,-f;&if,{W},-a;&mfs"
_ABC9 = f"scratchpad -set abc9.script +&scorr;{_MAP}"
_ABC9_XILINX = f"scratchpad -set abc9.script +{_MAP}"
_GATES = "AND,NAND,OR,NOR,XOR,XNOR,ANDNOT,ORNOT,MUX"
_ABC = f"abc -g {_GATES} -script +strash;dc2;dc2;strash;&get,-n;&nf;&put"
_KEEP_NOTHING = ("setattr -unset keep_hierarchy t:*", "setattr -mod -unset keep_hierarchy *")
_TO_GATES = (
    "opt_expr",
    "opt_clean",
    "dffunmap",
    "techmap",
    "simplemap",
    "opt_expr",
    "opt_merge",
    "opt_clean",
)
_MODELS = {
    "ecp5": "+/ecp5/cells_sim.v",
    "xcup": "+/xilinx/cells_sim.v",
    "xc7": "+/xilinx/cells_sim.v",
    "ice40": "+/ice40/cells_sim.v",
}
_OWN_MODELS = {
    device: Path(__file__).parents[1] / "sim" / "models" / f"{name}.sv"
    for device, name in (("ecp5", "mult18x18d"), ("xcup", "dsp48e2"))
}
"""Models of DSP blocks that Yosys does not ship."""
_PRIMITIVES = {
    Style.ECP5: ("ecp5", "CCU2C LUT2 LUT4"),
    Style.XILINX: ("xc7", "CARRY4 LUT6 LUT6_2"),
}
DEVICES = ("ecp5", "xcup", "xc7", "ice40", "gates")


def library_setup(rtl: Rtl) -> tuple[str, ...]:
    """Return the commands that read the library files of `rtl`, common to all jobs of a style."""
    return tuple(f'read_verilog -sv "{path}"' for path in rtl.sources)


def model_setup(style: Style) -> tuple[str, ...]:
    """Return the commands that read simulation models of what `style` instantiates.

    They go before `library_setup`, where designs are checked as they are written.
    """
    if style not in _PRIMITIVES:
        return ()
    device, cells = _PRIMITIVES[style]
    return (
        f"read_verilog -nooverwrite {_MODELS[device]}",
        f"select -set primitives {cells}",
        "delete =* @primitives %d",
    )


def _synthesis(top: str, device: str, *, dsp: bool) -> tuple[str, ...]:
    no_dsp = "" if dsp else "-nodsp"
    match device:
        case "ecp5":
            return (_ABC9, f"synth_ecp5 -nowidelut {no_dsp} -top {top}")
        case "xcup" | "xc7":
            flags = f"-family {device} -flatten -nowidelut -noiopad -noclkbuf {no_dsp}"
            return (_ABC9_XILINX, f"synth_xilinx {flags} -top {top}")
        case "ice40":
            return (_ABC9, f"synth_ice40 {'-dsp' if dsp else ''} -top {top}")
        case _:
            return (f"synth -noabc -flatten -top {top}", "dfflegalize -cell $_DFF_P_ x", _ABC)


def synthesis_job(rtl: Rtl, device: str, *, dsp: bool = False) -> Job:
    """Return the job that synthesises `rtl` for `device`, keeping the boundaries RTL asks for.

    Args:
        rtl: Design.
        device: One of `DEVICES`.
        dsp: Let multipliers become DSP blocks.
    """
    return Job(
        label=f"synthesis of {rtl.top} for {device}",
        top=rtl.top,
        text=rtl.text,
        passes=(*_synthesis(rtl.top, device, dsp=dsp), "clean"),
        memories=rtl.memories,
    )


def gates_job(rtls: Sequence[Rtl]) -> Job:
    """Return the job that turns designs of one style into one module of simple gates each.

    Designs that share a job share the elaboration of equal blocks.
    """
    tops = " ".join(rtl.top for rtl in rtls)
    return Job(
        label=f"elaboration of {tops}",
        top=rtls[0].top,
        text="\n".join(rtl.text for rtl in rtls),
        memories=tuple(memory for rtl in rtls for memory in rtl.memories),
        passes=(
            "hierarchy -check",
            "proc",
            *_KEEP_NOTHING,
            f"setattr -mod -set keep_hierarchy 1 {tops}",
            "flatten",
            f"select -set tops {tops}",
            "delete =* @tops %d",
            *_TO_GATES,
        ),
    )


def netlist_gates_job(rtl: Rtl, device: str, *, dsp: bool = False) -> Job:
    """Return the job that synthesises `rtl`, then turns the netlist into simple gates.

    Every device primitive is replaced by the simulation model that Yosys ships.
    """
    passes = (
        *_synthesis(rtl.top, device, dsp=dsp),
        "delete =A:blackbox =A:whitebox",
        *((f'read_verilog -sv -defer "{_OWN_MODELS[device]}"',) if device in _OWN_MODELS else ()),
        f"read_verilog -nooverwrite -defer {_MODELS[device]}",  # some take minutes to elaborate
        f"hierarchy -check -top {rtl.top}",
        "proc",
        *_KEEP_NOTHING,
        "flatten",
        "opt_expr",
        "opt_dff -nodffe -nosdff",  # models have resets that nothing drives
        *_TO_GATES,
    )
    return Job(
        label=f"netlist of {rtl.top} for {device}",
        top=rtl.top,
        text=rtl.text,
        passes=passes,
        memories=rtl.memories,
    )
