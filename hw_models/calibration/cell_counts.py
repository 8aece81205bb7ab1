"""Multiply-accumulate cells of six formats, beside what a first prototype of them took."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dse.formats import parse_format
from dse.progress import Progress
from hw_models.arith.cell import STYLES, Mac
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.calibration.cells import TERMS
from hw_models.calibration.lanes import measure_lanes
from hw_models.devices import DEVICES as FAMILIES
from hw_models.rtl.cell import emit_mac
from hw_models.rtl.design import Rtl
from hw_models.synth import nextpnr
from hw_models.synth.synthesis import synthesise

FORMATS = ("int8", "int4", "e4m3", "e5m2", "e3m2", "e2m1")
"""Formats of weights and activations alike."""
DEVICES = ("ecp5", "xcup", "ice40")
AIMS = {
    "ecp5": {"int8": 100, "int4": 38, "e4m3": 156, "e5m2": 218, "e3m2": 87, "e2m1": 48},
    "xcup": {"int8": 66, "int4": 30, "e4m3": 110, "e5m2": 145, "e3m2": 62, "e2m1": 28},
}
"""LUTs of the prototype's multiply-accumulates with explicit carry cells."""
PLACED_MORE = 12
"""LUTs by which a placed cell may be above the aim: carry chains take some at their ends."""
PRODUCT_AIMS = {"xcup": 50}
"""LUTs of the prototype's unsigned product of eight bits by eight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCount:
    """A cell after synthesis; its fields are the columns of a table.

    Attributes:
        device: FPGA family.
        cell: What it is.
        format_name: Format of weights and activations.
        terms: Products per sum; 0 for a product alone.
        lut: LUTs by the family's rule.
        lut_packed: LUT sites when small LUTs share one.
        ff: Flip-flops.
        aim_lut: LUTs of the prototype; `None` where it had no such cell.
        placed_lut: LUTs after place and route; `None` where nothing places.
    """

    device: str
    cell: str
    format_name: str
    terms: int
    lut: int
    lut_packed: int
    ff: int
    aim_lut: int | None
    placed_lut: int | None

    @property
    def meets_aim(self) -> bool | None:
        """Whether it takes no more than the prototype; `None` without an aim."""
        if self.aim_lut is None:
            return None
        is_placed_in_aim = self.placed_lut is None or self.placed_lut <= self.aim_lut + PLACED_MORE
        return self.lut <= self.aim_lut and is_placed_in_aim


def count_cells(device: str, *, processes: int, progress: Progress) -> Iterator[CellCount]:
    """Synthesise the cells for `device`; place them too where the aim is for placed cells.

    Raises:
        ToolError: A tool is missing, failed or did not end in time.
    """
    style, aims = STYLES[device][0], AIMS.get(device, {})
    macs = [_mac(name) for name in FORMATS]
    designs = [emit_mac(mac, style) for mac in macs]
    found = synthesise(designs, device, processes=processes)
    step = f"cells placed on {device}"
    places = device in nextpnr.DEVICES and bool(aims)
    for done, (name, design, counted) in enumerate(zip(FORMATS, designs, found, strict=True)):
        if places:
            progress(step, done, len(designs))
        yield CellCount(
            device=device,
            cell="multiply-accumulate",
            format_name=name,
            terms=TERMS,
            lut=counted.resources.lut,
            lut_packed=counted.lut_packed,
            ff=counted.resources.ff,
            aim_lut=aims.get(name),
            placed_lut=_placed_lut(design, device) if places else None,
        )
    if places:
        progress(step, len(designs), len(designs))
    yield _product(device, processes=processes, progress=progress)


def _mac(name: str) -> Mac:
    return Mac(weight=parse_format(name), act=parse_format(name), terms=TERMS)


def _placed_lut(design: Rtl, device: str) -> int:
    with tempfile.TemporaryDirectory(prefix="bitfront-cells-") as folder:
        placed = nextpnr.place_and_route(
            design, device, clock_mhz=FAMILIES[device].clock_mhz, folder=Path(folder)
        )
    return placed.resources.lut


def _product(device: str, *, processes: int, progress: Progress) -> CellCount:
    """Count an unsigned product of eight bits by eight."""
    uint8 = parse_format("uint8")
    lane = Lane(product=product(uint8, uint8), style=STYLES[device][0], in_mac=False)
    (count,) = measure_lanes([lane], device, processes=processes, progress=progress)
    return CellCount(
        device=device,
        cell="product",
        format_name=uint8.name,
        terms=0,
        lut=count.lut,
        lut_packed=count.lut_packed,
        ff=0,
        aim_lut=PRODUCT_AIMS.get(device),
        placed_lut=None,
    )
