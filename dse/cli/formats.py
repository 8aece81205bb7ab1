"""``bitfront formats``: what each number format can hold, and how well it fits data."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dse.formats import Format, default_sweep, parse_bits
from dse.metrics import GAUSSIAN, STUDENT_T8, UNIFORM, best_sqnr_db

_HEADINGS = (
    "bits",
    "codes",
    "max",
    "smallest\nnormal",
    "smallest\nsubnormal",
    "uniform\n\\[dB]",
    "Gaussian\n\\[dB]",
    "t(8)\n\\[dB]",
)
"""Of all columns but the first; rich reads a bare bracket as markup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatSummary:
    """One row of the table; its fields are the keys of the JSON output."""

    name: str
    bits: int
    n_codes: int
    max: float
    smallest_normal: float
    smallest_subnormal: float
    sqnr_uniform_db: float
    sqnr_gaussian_db: float
    sqnr_student_t8_db: float

    @classmethod
    def of(cls, fmt: Format) -> "FormatSummary":
        """Summarise `fmt`; SQNR is that of its narrow form, which is what weights use."""
        return cls(
            name=fmt.name,
            bits=fmt.bits,
            n_codes=fmt.n_codes,
            max=fmt.max,
            smallest_normal=fmt.smallest_normal,
            smallest_subnormal=fmt.smallest_subnormal,
            sqnr_uniform_db=best_sqnr_db(fmt.narrow(), UNIFORM),
            sqnr_gaussian_db=best_sqnr_db(fmt.narrow(), GAUSSIAN),
            sqnr_student_t8_db=best_sqnr_db(fmt.narrow(), STUDENT_T8),
        )

    def cells(self) -> Iterator[str]:
        """Yield the fields as text, in order."""
        yield self.name
        yield str(self.bits)
        yield str(self.n_codes)
        yield f"{self.max:.6g}"
        yield f"{self.smallest_normal:.3g}"
        yield f"{self.smallest_subnormal:.3g}"
        for level in (self.sqnr_uniform_db, self.sqnr_gaussian_db, self.sqnr_student_t8_db):
            yield f"{level:.1f}"


def formats(
    bits: Annotated[str, typer.Option(help="Widths to list, in bits: 8 or 3-8; 1 to 16.")] = "3-8",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the number formats: range, smallest values, and SQNR on three distributions."""
    summaries = [FormatSummary.of(fmt) for fmt in default_sweep(*parse_bits(bits))]
    if as_json:
        typer.echo(json.dumps([asdict(summary) for summary in summaries], indent=2))
        return
    table = Table(
        caption="Right: SQNR at the best scale on uniform, normal and Student-t data; "
        "integers in narrow range, as weights use them.",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("format")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    for summary in summaries:
        table.add_row(*summary.cells())
    Console().print(table)
