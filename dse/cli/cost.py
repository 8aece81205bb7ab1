"""``bitfront cost``: what one multiply-accumulate or dot product takes of a device."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.errors import DesignError
from dse.formats import parse_format
from dse.point import Dsp
from dse.registry import nearest

if TYPE_CHECKING:
    from hw_models.arith.cell import Dot, Mac, Style
    from hw_models.arith.dsp import DspProducts
    from hw_models.resources import Part, Resources
    from hw_models.synth.count import Synthesis

_LEGEND = {
    "ecp5": "lut: LUT4 and two for each CCU2C carry cell",
    "ice40": "lut: SB_LUT4 and the carries that share no logic cell",
    "xcup": "lut: LUT cells; a LUT6_2 counts 1. lut_packed: sites when small LUTs share one",
    "xc7": "lut: LUT cells; a LUT6_2 counts 1. lut_packed: sites when small LUTs share one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What is known of a cell.

    Attributes:
        cell: The cell.
        pe: How many of them share their activations.
        device: FPGA family.
        style: How its RTL is written.
        parts: Estimate, part by part; None for a style without one.
        synthesis: Counts after synthesis; None if not asked for.
    """

    cell: "Mac | Dot"
    pe: int
    device: str
    style: "Style"
    parts: "tuple[Part, ...] | None"
    synthesis: "Synthesis | None"

    def estimate(self) -> "Resources | None":
        """Return the sum of the parts."""
        from hw_models.resources import total

        return None if self.parts is None else total(self.parts)


def cost(
    weight: Annotated[str, typer.Argument(help="Weight format, e.g. e4m3; integers are narrow.")],
    act: Annotated[str, typer.Argument(help="Activation format.")],
    simd: Annotated[int, typer.Option(help="Products per clock.", min=1)] = 1,
    pe: Annotated[int, typer.Option(help="Sums of products of the same activations.", min=1)] = 1,
    terms: Annotated[int, typer.Option(help="Products per sum, for its width.", min=1)] = 4608,
    arch: Annotated[
        str | None, typer.Option(help="Style of the RTL.", show_default="the device's cheapest")
    ] = None,
    dsp: Annotated[Dsp, typer.Option(help="Whether DSP blocks may multiply.")] = "none",
    device: Annotated[str, typer.Option(help="FPGA family.")] = "xcup",
    pipelined: Annotated[
        bool, typer.Option("--pipelined", help="Registers as the nominal clock takes.")
    ] = False,
    synth: Annotated[bool, typer.Option("--synth", help="Synthesise it, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Estimate what a multiply-accumulate takes of a device, and compare with synthesis."""
    from hw_models.arith.cell import Dot, Mac
    from hw_models.arith.pipeline import pipelined_dot
    from hw_models.cost.dot import cell_lanes, cell_parts
    from hw_models.cost.multipliers import choose_multipliers
    from hw_models.cost.target import load_target

    target = load_target(device, dsp)
    style, is_covered = _style(device, arch)
    formats = (parse_format(weight), parse_format(act))
    cell: Mac | Dot
    if simd == pe == 1 and not pipelined:
        cell = Mac(weight=formats[0], act=formats[1], terms=terms)
    elif pipelined:
        cell = pipelined_dot(*formats, terms=terms, lanes=simd, style=style, family=target.family)
    else:
        cell = Dot(weight=formats[0], act=formats[1], terms=terms, lanes=simd)
    if not is_covered and not synth:
        raise DesignError(f"no estimate for '{style.value}' on {device}: add --synth")
    parts = cell_parts(cell, target, pe)
    way = choose_multipliers(cell_lanes(cell, pe), target).way
    answer = _Answer(
        cell=cell,
        pe=pe,
        device=device,
        style=style,
        parts=parts if is_covered else None,
        synthesis=_synthesise(cell, pe, way, style, device) if synth else None,
    )
    if as_json:
        typer.echo(json.dumps(_json(answer), indent=2))
    else:
        _print(answer)


def _style(device: str, arch: str | None) -> "tuple[Style, bool]":
    """Return the style called `arch`, and whether the cost model covers it."""
    from hw_models.arith.cell import STYLES

    styles = STYLES.get(device, ())
    names = [style.value for style in styles]
    if not names or (arch is not None and arch not in names):
        hint = nearest(arch or "", names)
        raise DesignError(f"no cells in style '{arch}' for {device}{hint}; known: {names}")
    chosen = names.index(arch) if arch is not None else 0
    return styles[chosen], chosen == 0


def _synthesise(
    cell: "Mac | Dot", pe: int, way: "DspProducts | None", style: "Style", device: str
) -> "Synthesis":
    """Synthesise what was costed: DSP blocks are where the RTL has them."""
    from hw_models.arith.cell import Mac
    from hw_models.arith.dsp import in_dsp
    from hw_models.rtl.cell import emit_dot, emit_mac
    from hw_models.rtl.dsp import emit_dots, emit_mac_dsp
    from hw_models.synth.synthesis import synthesise

    if isinstance(cell, Mac):
        rtl = emit_mac(cell, style) if way is None else emit_mac_dsp(cell, style, way)
    elif way is None and pe == 1:
        rtl = emit_dot(cell, style)
    else:
        rtl = emit_dots(cell if way is None else in_dsp(cell), pe, style, way)
    return synthesise([rtl], device)[0]


def _json(answer: _Answer) -> dict[str, Any]:
    """Return the JSON object: null where something was not asked for or has no rule."""
    estimate, found = answer.estimate(), answer.synthesis
    return {
        "cell": answer.cell.name,
        "pe": answer.pe,
        "device": answer.device,
        "arch": answer.style.value,
        "accumulator_bits": answer.cell.accumulator_bits,
        "estimate": None
        if estimate is None or answer.parts is None
        else {
            **estimate.to_json(),
            "parts": [
                {"name": part.name, **part.resources.to_json(), "source": part.source}
                for part in answer.parts
            ],
        },
        "synthesis": None
        if found is None
        else {
            **found.resources.to_json(),
            "lut_packed": found.lut_packed,
            "carry": found.carry,
            "tool": found.tool,
            "version": found.version,
        },
        "lut_error_pct": None
        if estimate is None or found is None
        else 100 * (estimate.lut / found.resources.lut - 1),
    }


def _print(answer: _Answer) -> None:
    """Print a table of parts, totals and what synthesis says."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    estimate, found = answer.estimate(), answer.synthesis
    sums = f", PE {answer.pe}" if answer.pe > 1 else ""
    table = Table(
        title=f"{answer.cell.name}{sums} on {answer.device}, style {answer.style.value}, "
        f"accumulator {answer.cell.accumulator_bits} bits",
        caption=_LEGEND.get(answer.device, "lut: by the family's own rule"),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("")
    for heading in ("lut", "ff", "dsp"):
        table.add_column(heading, justify="right")
    table.add_column("source", overflow="fold")

    def add(name: str, counts: "Resources", source: str) -> None:
        table.add_row(name, str(counts.lut), str(counts.ff), str(counts.dsp), escape(source))

    for part in answer.parts or ():
        add(part.name, part.resources, part.source)
    if estimate is not None:
        add("estimate", estimate, "sum of the parts")
    if found is not None:
        packed = f"; lut_packed {found.lut_packed}" if answer.device in ("xcup", "xc7") else ""
        add("synthesis", found.resources, f"{found.tool} {found.version}{packed}")
    if estimate is not None and found is not None:
        error = 100 * (estimate.lut / found.resources.lut - 1)
        table.add_row("error", f"{error:+.1f} %", str(estimate.ff - found.resources.ff), "", "")
    Console().print(table)
