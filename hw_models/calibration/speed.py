"""How fast pipelined dot products are once placed, beside the nominal clock of their family."""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from dse.errors import DesignError
from dse.formats import Format
from dse.progress import Progress
from hw_models.arith.cell import STYLES, Dot, Style
from hw_models.arith.pipeline import pipelined_dot
from hw_models.calibration.cells import TERMS
from hw_models.devices import DEVICES
from hw_models.rtl.cell import emit_dot
from hw_models.rtl.design import Rtl
from hw_models.rtl.registered import Bus, registered
from hw_models.synth import nextpnr
from hw_models.synth.nextpnr import Placement, place_and_route


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A placed dot product between registers; its fields are the columns of a table.

    Attributes:
        device: FPGA family.
        style: How its RTL is written.
        weight: Name of the weight format.
        act: Name of the activation format.
        lanes: Products per clock.
        accumulator_bits: Width of the accumulator [bits].
        product_registers: Registers inside each product.
        latency_cycles: Clock edges from a beat to the sum that includes it.
        clock_mhz: Nominal clock [MHz].
        fmax_mhz: Greatest clock of all paths between registers, the best of the seeds [MHz].
        meets_clock: Whether that is enough.
        seeds: Placements that were tried.
        limit: Part of the cell in which the slowest path ends.
        lut: LUTs as nextpnr counts them.
        ff: Flip-flops, those that drive the inputs included.
        tool: What placed and routed.
        version: Its version.
    """

    device: str
    style: Style
    weight: str
    act: str
    lanes: int
    accumulator_bits: int
    product_registers: int
    latency_cycles: int
    clock_mhz: float
    fmax_mhz: float
    meets_clock: bool
    seeds: int
    limit: str
    lut: int
    ff: int
    tool: str
    version: str


def measure_speeds(
    device: str,
    pairs: Sequence[tuple[Format, Format]],
    lane_counts: Sequence[int],
    *,
    seeds: int,
    progress: Progress,
) -> Iterator[Speed]:
    """Place a pipelined dot product for each pair of formats and count of lanes.

    Args:
        device: FPGA family with place and route.
        pairs: Weight and activation formats.
        lane_counts: Products per clock.
        seeds: Placements to try until one meets the nominal clock.
        progress: Is told how many are done.

    Raises:
        DesignError: No place and route for `device`.
        ToolError: A tool is missing, failed, or did not end in time.
    """
    if device not in nextpnr.DEVICES:
        known = ", ".join(nextpnr.DEVICES)
        raise DesignError(f"no place and route for '{device}'; known: {known}")
    family, style = DEVICES[device], STYLES[device][0]
    dots = [
        pipelined_dot(weight, act, terms=TERMS, lanes=lanes, style=style, family=family)
        for lanes in lane_counts
        for weight, act in pairs
    ]
    step = f"dot products placed on {device}"
    for done, dot in enumerate(dots):
        progress(step, done, len(dots))
        yield _speed(dot, device, style, seeds)
    progress(step, len(dots), len(dots))


def speeds_csv(speeds: Sequence[Speed]) -> str:
    """Return `speeds` as the text of a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Speed)], lineterminator="\n")
    writer.writeheader()
    for speed in speeds:
        writer.writerow({**asdict(speed), "fmax_mhz": f"{speed.fmax_mhz:.1f}"})
    return text.getvalue()


def between_registers(dot: Dot, style: Style) -> Rtl:
    """Return the dot product with a register in front of each of its inputs."""
    inputs = (
        Bus(name="en", bits=1),
        Bus(name="clr", bits=1),
        Bus(name="a", bits=dot.lanes * dot.act.bits),
        Bus(name="w", bits=dot.lanes * dot.weight.bits),
    )
    outputs = (Bus(name="acc", bits=dot.accumulator_bits),)
    return registered(emit_dot(dot, style), inputs, outputs)


def _speed(dot: Dot, device: str, style: Style, seeds: int) -> Speed:
    clock_mhz = DEVICES[device].clock_mhz
    design = between_registers(dot, style)
    tried: list[Placement] = []
    while len(tried) < seeds and not any(placement.meets_clock for placement in tried):
        with tempfile.TemporaryDirectory(prefix="bitfront-speed-") as folder:
            seed = 1 + len(tried)
            tried.append(
                place_and_route(design, device, clock_mhz=clock_mhz, folder=Path(folder), seed=seed)
            )
    best = max(tried, key=lambda placement: placement.fmax_mhz)
    return Speed(
        device=device,
        style=style,
        weight=dot.weight.name,
        act=dot.act.name,
        lanes=dot.lanes,
        accumulator_bits=dot.accumulator_bits,
        product_registers=dot.product_registers,
        latency_cycles=dot.latency_cycles,
        clock_mhz=clock_mhz,
        fmax_mhz=best.fmax_mhz,
        meets_clock=best.meets_clock,
        seeds=len(tried),
        limit=_limit(best),
        lut=best.resources.lut,
        ff=best.resources.ff,
        tool=best.tool,
        version=best.version,
    )


def _limit(placement: Placement) -> str:
    """Return the part of the cell in which the slowest path ends."""
    end = placement.critical_path[-1].cell
    if "accumulate.acc" in end:
        return "accumulator"
    is_tree = "tree." in end or "accumulate.m" in end  # where the last sum of the tree goes
    return "adder tree" if is_tree else "product"
