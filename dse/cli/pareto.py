"""``bitfront pareto``: the front of a study in any two of its columns."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from dse.errors import DesignError

TableFormat = Literal["latex", "markdown", "csv"]


def pareto(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    x: Annotated[
        str | None,
        typer.Option(help="Column of the cost.", show_default="what the study compares by"),
    ] = None,
    y: Annotated[str, typer.Option(help="Column it is traded against.")] = "test_top1_pct",
    table_format: Annotated[
        TableFormat | None,
        typer.Option("--format", help="Print a table for a paper.", show_default=False),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns of that table, with commas, by their names in front.csv.",
            show_default="point, formats, objectives",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print a study's front, chosen on validation images.

    With DSP blocks in play (explore --dsp auto) they are a third objective. --format gives a table
    as LaTeX (booktabs), Markdown or CSV.
    """
    from rich.console import Console

    from dse.cli.point_table import point_rows, point_table
    from dse.search.constraint import broken_by_all
    from dse.search.store import Store
    from dse.selection import chosen_by, front_of

    with Store.open_readonly(study) as store:
        header = store.header
        evaluations = store.evaluations()
    if columns is not None and table_format is None:
        raise DesignError("--columns are those of a table for a paper: add --format latex")
    cost = header.cost_column if x is None else x
    objectives = tuple(dict.fromkeys((cost, y, *header.objectives[2:])))
    best = front_of(evaluations, objectives)
    if as_json:
        summary = {
            "study": str(study),
            "objectives": objectives,
            "chosen_by": [chosen_by(column) for column in objectives],
            "n_points": len(evaluations),
            "front": list(point_rows(best)),
        }
        typer.echo(json.dumps(summary, indent=2))
        return
    rate = ("fps",) if cost == "ii_cycles" else ()
    shown = tuple(dict.fromkeys((*map(chosen_by, objectives), *objectives, *rate)))
    if table_format is not None:
        from dse.report.front import front_columns, front_text

        names = columns.split(",") if columns else front_columns(best, shown)
        typer.echo(front_text(best, names, table_format), nl=False)
        return
    chosen = ", ".join(dict.fromkeys(map(chosen_by, objectives)))
    caption = f"{len(best)} of {len(evaluations)} points, chosen by {chosen}."
    Console().print(point_table(best, shown, caption))
    if broken := broken_by_all(header, evaluations):
        typer.echo(f"no point keeps every constraint: the nearest breaks {broken}")
