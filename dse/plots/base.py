"""What a plot is, and what it is drawn from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from matplotlib.axes import Axes

from dse.errors import DataError, DesignError
from dse.point import find_by_prefix
from dse.selection import best_recipes, front_of, most_interesting

if TYPE_CHECKING:
    import pandas as pd

    from dse.point import DesignPoint
    from dse.search.header import Header


class LoadedStudy(Protocol):
    """A study that knows its folder, such as `dse.load` returns."""

    @property
    def folder(self) -> Path:
        """Where it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """What a figure is drawn from.

    Attributes:
        rows: One evaluation a row, or whatever else the plot is of.
        header: Of the study, where there is one.
        folder: Of the study, where there is one.
        name: What it is called in a figure of several.
    """

    rows: "pd.DataFrame"
    header: "Header | None" = None
    folder: Path | None = None
    name: str = ""

    @property
    def float_pct(self) -> float | None:
        """Test accuracy before quantization [%], where it is known."""
        return None if self.header is None else self.header.float_accuracy.test_top1_pct

    @property
    def cost_column(self) -> str:
        """The column points are compared by, besides accuracy."""
        return "lut" if self.header is None else self.header.cost_column

    def has(self, columns: Iterable[str]) -> bool:
        """Return whether the rows are already what a plot is drawn from."""
        return set(columns) <= set(self.rows.columns)

    def points(self, digests: Iterable[str], plot: str) -> "dict[str, DesignPoint]":
        """Return design points in full, by digest.

        Raises:
            DesignError: As `known_header`.
        """
        from dse.search.store import Store

        self.known_header(plot)
        assert self.folder is not None
        with Store.open_readonly(self.folder) as store:
            return {digest: store.point(digest) for digest in digests}

    def known_header(self, plot: str) -> "Header":
        """Return the header.

        Raises:
            DesignError: There is no study behind the rows; says that `plot` needs one.
        """
        if self.header is None:
            raise DesignError(f"plot '{plot}' needs a study, not a table: name the study's folder")
        return self.header


Study: TypeAlias = "pd.DataFrame | str | Path | LoadedStudy | Subject"
"""What plots take: a table of evaluations, a CSV file of one, a study's folder, or a study."""


def subject(study: Study) -> Subject:
    """Return what `study` holds. Of a study, of points that differ in recipe only the best counts.

    Raises:
        DataError: The folder holds no study, it is damaged or a newer bitfront made it; or the
            file is no table.
    """
    if isinstance(study, Subject):
        return study
    if isinstance(study, (str, Path)):
        path = Path(study)
        return _from_table(path) if path.is_file() else _from_folder(path)
    folder = getattr(study, "folder", None)
    if isinstance(folder, Path):
        return _from_folder(folder)
    import pandas as pd

    if isinstance(study, pd.DataFrame):
        return Subject(rows=study)
    raise DesignError(f"cannot draw a {type(study).__name__}: give a study, its folder or a table")


def _from_folder(folder: Path) -> Subject:
    from dse.search.store import Store

    with Store.open_readonly(folder) as store:
        header = store.header
        rows = store.evaluations()
    return Subject(
        rows=best_recipes(rows) if header.settings.best_of else rows,
        header=header,
        folder=folder,
        name=folder.resolve().name,
    )


def _from_table(path: Path) -> Subject:
    import pandas as pd

    try:
        rows = pd.read_csv(path, keep_default_na=True)
    except (OSError, ValueError) as error:
        raise DataError(
            f"cannot read {path}: {error}; name a study's folder or a CSV file"
        ) from error
    return Subject(rows=rows, name=path.resolve().parent.name)


def one_point(found: Subject, plot: str, prefix: str | None) -> str:
    """Return the digest of the point a plot is of.

    Args:
        found: A study.
        plot: Name of the plot.
        prefix: 8 or more characters of the digest; `None`: the point without which the front would
            lose most.

    Raises:
        DesignError: There is no study, no such point, or no point with an accuracy.
    """
    header = found.known_header(plot)
    if prefix is not None:
        return find_by_prefix(prefix, found.rows["digest"])
    cost = found.cost_column
    best = front_of(found.rows, (cost, "val_top1_pct"))
    if best.empty:
        raise DesignError(
            f"plot '{plot}': no point of {found.folder} has an accuracy and keeps the constraints"
        )
    corner = header.reference.error_pct, header.reference.log2_cost
    return str(most_interesting(best, corner, 1, cost)["digest"].iloc[0])


def require_columns(rows: "pd.DataFrame", columns: "tuple[str, ...]", plot: str) -> None:
    """Check that a table has what `plot` is drawn from.

    Raises:
        DataError: A column is missing.
    """
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise DataError(
            f"plot '{plot}' needs the columns {', '.join(columns)}; the table has no {missing[0]}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A kind of figure; each file of `dse.plots` that draws one defines ``PLOT``.

    Attributes:
        summary: What it shows, in a line.
        draw: Draws a study on axes: ``draw(study, ax=None, **options)``.
        table: Returns the numbers behind the figure: ``table(study, **options)``.
        options: Keyword arguments of both that the command line may pass; ``beside``: the study
            may be several, by name.
    """

    summary: str
    draw: Callable[..., Axes]
    table: "Callable[..., pd.DataFrame]"
    options: tuple[str, ...] = ()
