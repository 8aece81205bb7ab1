"""A study in Python: its evaluations and its front as tables, and its points as QONNX files."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dse.api.html import study_html
from dse.api.progress import progress_bars
from dse.point import DesignPoint, find_by_prefix
from dse.report import Findings, read_findings, tabulated
from dse.search.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Study:
    """What a study had found when it was loaded; `load` makes one, and `explore`.

    Attributes:
        folder: Where it is kept.
        findings: All that its report says, as values.
        n_computed: Accuracies that `explore` computed for it; 0 where it was loaded.
    """

    folder: Path
    findings: Findings
    n_computed: int = 0

    @property
    def evaluations(self) -> "pd.DataFrame":
        """Every evaluation, one a row; the columns of ``evaluations.csv``."""
        return tabulated(self.findings.evaluations)

    @property
    def front(self) -> "pd.DataFrame":
        """The rows on the front, cheapest first; chosen on validation images."""
        return tabulated(self.findings.front)

    def point(self, digest: str) -> DesignPoint:
        """Return the design point whose digest starts with `digest`, 8 characters or more.

        Raises:
            UserError: No point's digest does, or several.
        """
        with Store.open_readonly(self.folder) as store:
            return store.point(find_by_prefix(digest, self.findings.evaluations["digest"]))

    def export(self, digest: str, out: str | Path, *, checkpoint: str | Path | None = None) -> Path:
        """Write a point as a QONNX file and return the file, as ``bitfront export`` does.

        Beside it goes its folding, ``NAME.foldings.json``, for `dse.build`.

        Args:
            digest: 8 or more characters of the point's digest.
            out: File to write.
            checkpoint: File with the weights, if the study was made with one.

        Raises:
            UserError: There is no such point, its weights or data are not to be had, or the file
                cannot be written.
        """
        from dse.api.export import point_of, require_writable

        require_writable(Path(out))
        given = Path(checkpoint) if checkpoint is not None else None
        with progress_bars() as progress:
            point_of(self.folder, digest, given, progress).write(Path(out))
        return Path(out)

    def _repr_html_(self) -> str:
        return study_html(self.folder, self.findings)

    def __repr__(self) -> str:
        found = self.findings
        return (
            f"<Study {self.folder}: {len(found.evaluations)} of {found.n_planned} points, "
            f"{len(found.front)} on the front>"
        )


def load(folder: str | Path) -> Study:
    """Load the study in `folder`, also while it runs.

    Raises:
        DataError: There is no study, it is damaged, or a newer bitfront made it.
    """
    return Study(folder=Path(folder), findings=read_findings(Path(folder)))
