"""``bitfront plot``: a figure of a study for a paper, its numbers, and the same for pgfplots."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.errors import DesignError

if TYPE_CHECKING:
    from dse.plots import Plot, Subject


def plot(
    study: Annotated[
        Path | None,
        typer.Argument(help="Folder of a study, or a CSV file.", show_default="list the plots"),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Argument(help="Plot; without a study, all are listed.", show_default=False),
    ] = None,
    style: Annotated[str, typer.Option(help="bitfront, ieee, ieee2, acm or slides.")] = "bitfront",
    out: Annotated[
        Path | None,
        typer.Option(help="File: .pdf, .svg, .png or .pgf.", show_default="KIND.pdf, here"),
    ] = None,
    x: Annotated[
        str | None,
        typer.Option(help="Column of the cost.", show_default="what the study compares by"),
    ] = None,
    y: Annotated[
        str | None, typer.Option(help="Column beside it.", show_default="test_top1_pct")
    ] = None,
    objectives: Annotated[
        str | None, typer.Option(help="Columns of a matrix, with commas.", show_default=False)
    ] = None,
    point: Annotated[
        str | None,
        typer.Option(help="8 characters of a point's digest.", show_default="the most telling"),
    ] = None,
    resource: Annotated[
        str | None, typer.Option(help="lut, ff, dsp or bram18.", show_default="lut")
    ] = None,
    beside: Annotated[
        list[Path] | None, typer.Option(help="A further study; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Draw a figure of a study at the width of a paper's column.

    Beside the figure it writes the numbers (.csv) and the figure for pgfplots (.tex).
    """
    from dse.plots import PLOTS, subject, use_style

    if study is None:
        _list(PLOTS, as_json=as_json)
        return
    if kind is None:
        raise DesignError(f"say which plot of {study}: {', '.join(PLOTS)}")
    chosen = PLOTS[kind]
    options: dict[str, Any] = {"x": x, "y": y, "point": point, "resource": resource}
    options["objectives"] = tuple(objectives.split(",")) if objectives else None
    options["beside"] = beside or None
    given = _taken(kind, chosen, options)
    path = _checked_out(Path(f"{kind}.pdf") if out is None else out, study)
    with use_style(style):
        drawn: Subject | Mapping[str, Subject] = subject(study)
        if beside:
            drawn = _named([study, *beside])
        paths = _write(chosen, drawn, given, path)
    if as_json:
        typer.echo(json.dumps({"files": list(map(str, paths))}, indent=1))
    else:
        typer.echo("\n".join(map(str, paths)))


def _list(plots: "Mapping[str, Plot]", *, as_json: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from dse.plots import style_names

    if as_json:
        found = {name: item.summary for name, item in plots.items()}
        typer.echo(json.dumps({"plots": found, "styles": style_names()}, indent=1))
        return
    table = Table(
        caption=f"bitfront plot STUDY KIND --style STYLE --out FILE; styles: "
        f"{', '.join(style_names())}",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("kind")
    table.add_column("shows", overflow="fold")
    for name, item in plots.items():
        table.add_row(escape(name), escape(item.summary))
    Console().print(table)


def _taken(kind: str, chosen: "Plot", options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, without ``beside``; refuse what the plot does not take.

    Raises:
        DesignError: Names the first such option.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in chosen.options:
            allowed = ", ".join(f"--{option}" for option in chosen.options) or "no options"
            raise DesignError(f"plot '{kind}' takes no --{name}; it takes {allowed}")
    given.pop("beside", None)
    return given


def _checked_out(path: Path, study: Path) -> Path:
    """Return where the figure goes, if it can be written there and hides nothing.

    Raises:
        UserError: The ending is none of a figure's, or the numbers would replace the study's file.
        ToolNotFoundError: The ending takes LaTeX, which is not installed.
    """
    from dse.plots.save import check_file_format

    check_file_format(path.suffix.lower().lstrip("."))
    if path.with_suffix(".csv").resolve() == study.resolve():
        raise DesignError(f"the figure's numbers would replace {study}; name another --out")
    return path


def _named(folders: Sequence[Path]) -> "dict[str, Subject]":
    """Return studies by the names of their folders; by what was typed, where those are the same."""
    from dse.plots import subject

    found = [subject(folder) for folder in folders]
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    if len(set(names)) < len(names):
        raise DesignError("a study is named twice; name others with --beside")
    return dict(zip(names, found, strict=True))


def _write(
    chosen: "Plot", drawn: "Subject | Mapping[str, Subject]", given: Mapping[str, Any], path: Path
) -> tuple[Path, Path, Path]:
    from dse.files import replace_atomically
    from dse.plots import pgfplots_snippet, save_figure

    table = chosen.table(drawn, **given)
    axes = chosen.draw(drawn, **given)
    numbers, snippet = path.with_suffix(".csv"), path.with_suffix(".tex")
    text = pgfplots_snippet(axes, f"numbers: {numbers.name}")
    (figure,) = save_figure(axes, path.with_suffix(""), [path.suffix.lower().lstrip(".")])
    replace_atomically(numbers, table.to_csv(index=False, lineterminator="\n"))
    replace_atomically(snippet, text)
    return figure, numbers, snippet
