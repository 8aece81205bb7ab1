"""``bitfront fmax``: how fast pipelined dot products run once they are placed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dse.formats import Format
    from hw_models.calibration.speed import Speed


def fmax(
    formats: Annotated[
        list[str] | None,
        typer.Argument(
            help="Formats of weights and activations: e4m3, or int8:e4m3 where they differ.",
            show_default="each of the default sweep",
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="FPGA family; may be given again.", show_default="ecp5 and ice40"),
    ] = None,
    simd: Annotated[
        list[int] | None,
        typer.Option(help="Products per clock; may be given again.", show_default="1 and 8"),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Placements to try until one meets the clock.", min=1)
    ] = 3,
    out: Annotated[Path | None, typer.Option(help="Table to write, as CSV.")] = None,
) -> None:
    """Place pipelined dot products between registers, beside their family's nominal clock."""
    from dse.api.progress import progress_bars
    from dse.files import replace_atomically
    from hw_models.calibration.speed import measure_speeds, speeds_csv

    pairs = _pairs(formats)
    found: list[Speed] = []
    with progress_bars() as progress:
        for name in device or ("ecp5", "ice40"):
            found += measure_speeds(name, pairs, simd or (1, 8), seeds=seeds, progress=progress)
    if out is not None:
        replace_atomically(out, speeds_csv(found))
        typer.echo(out)
    else:
        _print(found)


def _pairs(names: list[str] | None) -> "list[tuple[Format, Format]]":
    """Return weight and activation formats; all of the default sweep without names."""
    from dse.formats import default_sweep, parse_format

    if not names:
        return [(number_format, number_format) for number_format in default_sweep()]
    halves = (name.partition(":") for name in names)
    return [(parse_format(weight), parse_format(act or weight)) for weight, _, act in halves]


def _print(speeds: "list[Speed]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("device", "weight", "act"):
        table.add_column(heading)
    for heading in ("lanes", "registers", "latency", "MHz", "of MHz"):
        table.add_column(heading, justify="right")
    table.add_column("limited by")
    for speed in speeds:
        table.add_row(
            speed.device,
            speed.weight,
            speed.act,
            str(speed.lanes),
            str(speed.product_registers),
            str(speed.latency_cycles),
            f"{speed.fmax_mhz:.1f}",
            f"{speed.clock_mhz:g}" + ("" if speed.meets_clock else " missed"),
            speed.limit,
        )
    Console().print(table)
