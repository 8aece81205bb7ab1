"""``bitfront cost``: what one multiply-accumulate or dot product takes of a device."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import Dsp
from dse.registry import nearest

if TYPE_CHECKING:
    from hw_models.arith.cell import Architecture, Dot, Mac, Style
    from hw_models.arith.dsp import DspProducts
    from hw_models.cost.target import Target
    from hw_models.resources import Part, Resources
    from hw_models.synth.count import Synthesis

_LEGEND = {
    "ecp5": "lut: LUT4 and two for each CCU2C carry cell",
    "ice40": "lut: SB_LUT4 and the carries that share no logic cell",
    "xcup": "lut: LUT cells; a LUT6_2 counts 1. lut_packed: sites when small LUTs share one",
    "xc7": "lut: LUT cells; a LUT6_2 counts 1. lut_packed: sites when small LUTs share one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """How many products there are.

    Attributes:
        terms: Per sum.
        simd: Per clock, of one sum.
        pe: Sums of the same activations.
        is_pipelined: Whether there are registers between products and sums.
    """

    terms: int
    simd: int
    pe: int
    is_pipelined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What is known of a cell.

    Attributes:
        cell: The cell.
        pe: How many of them share their activations.
        device: FPGA family.
        style: How its RTL is written.
        architecture: What its products are made of.
        parts: Estimate, part by part; None for a style without one.
        synthesis: Counts after synthesis; None if not asked for.
    """

    cell: "Mac | Dot"
    pe: int
    device: str
    style: "Style"
    architecture: "Architecture"
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
        str, typer.Option(help="What products are made of: rows, booth, table, dsp.")
    ] = "cheapest",
    style: Annotated[
        str | None,
        typer.Option(help="How adders are written.", show_default="the device's cheapest"),
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
    from hw_models.arith.cell import Architecture
    from hw_models.arith.lane import cell_lane
    from hw_models.cost.dot import cell_lanes, cell_parts, check_accumulator
    from hw_models.cost.multipliers import choose_multipliers
    from hw_models.cost.target import load_target

    target = load_target(device, dsp)
    chosen, is_covered = _style(device, style)
    if not is_covered and not synth:
        raise DesignError(f"no estimate for style '{chosen.value}' on {device}: add --synth")
    size = _Size(terms=terms, simd=simd, pe=pe, is_pipelined=pipelined)
    cell = _cell(parse_format(weight), parse_format(act), size, _architecture(arch), chosen, target)
    check_accumulator(cell)
    way = None
    if is_covered or cell.architecture is Architecture.DSP:
        way = choose_multipliers(cell_lanes(cell, pe), target).way
    answer = _Answer(
        cell=cell,
        pe=pe,
        device=device,
        style=chosen,
        architecture=Architecture.DSP if way is not None else cell_lane(cell, chosen).made_of,
        parts=cell_parts(cell, target, pe) if is_covered else None,
        synthesis=_synthesise(cell, pe, way, chosen, device) if synth else None,
    )
    if as_json:
        typer.echo(json.dumps(_json(answer), indent=2))
    else:
        _print(answer)


def _cell(
    weight: Format,
    act: Format,
    size: _Size,
    architecture: "Architecture",
    style: "Style",
    target: "Target",
) -> "Mac | Dot":
    """Return a multiply-accumulate, or a dot product where one is asked for."""
    from hw_models.arith.cell import Dot, Mac
    from hw_models.arith.pipeline import pipelined_dot

    if size.is_pipelined:
        return pipelined_dot(
            weight,
            act,
            terms=size.terms,
            lanes=size.simd,
            style=style,
            family=target.family,
            architecture=architecture,
        )
    if size.simd == size.pe == 1:
        return Mac(weight=weight, act=act, terms=size.terms, architecture=architecture)
    return Dot(weight=weight, act=act, terms=size.terms, lanes=size.simd, architecture=architecture)


def _style(device: str, name: str | None) -> "tuple[Style, bool]":
    """Return the style called `name`, and whether the cost model covers it."""
    from hw_models.arith.cell import STYLES

    styles = STYLES.get(device, ())
    names = [style.value for style in styles]
    if not names or (name is not None and name not in names):
        hint = nearest(name or "", names)
        raise DesignError(f"no cells in style '{name}' for {device}{hint}; known: {names}")
    chosen = names.index(name) if name is not None else 0
    return styles[chosen], chosen == 0


def _architecture(name: str) -> "Architecture":
    """Return the architecture called `name`."""
    from hw_models.arith.cell import Architecture

    names = [architecture.value for architecture in Architecture]
    if name not in names:
        hint = nearest(name, names)
        raise DesignError(f"no architecture called '{name}'{hint}; known: {', '.join(names)}")
    return Architecture(name)


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
        "arch": answer.architecture.value,
        "style": answer.style.value,
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
        title=f"{answer.cell.name}{sums} on {answer.device}, products of {answer.architecture}, "
        f"style {answer.style}, accumulator {answer.cell.accumulator_bits} bits",
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
