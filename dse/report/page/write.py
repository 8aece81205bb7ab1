"""The page of a study, from its database alone."""

from dataclasses import dataclass
from pathlib import Path

from dse.files import replace_atomically
from dse.report.page.payload import payload
from dse.report.page.render import render
from dse.search.store import Store

PAGE_NAME = "explore.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was written.

    Attributes:
        file: Where it is.
        n_points: Points on it.
        n_planned: Points the study is to have.
        n_ended: Points without an accuracy.
    """

    file: Path
    n_points: int
    n_planned: int
    n_ended: int


def write_page(folder: Path, file: Path | None = None) -> Page:
    """Write the page of the study in `folder`, also while it runs.

    The same study, named by the same path, gives the same bytes. The database is all that is read:
    neither the network nor its data need be there.

    Args:
        folder: Of the study.
        file: Replaced as a whole; `None`: ``explore.html`` in the folder.

    Raises:
        DataError: There is no study, it is damaged, a newer bitfront made it, or the file cannot be
            written.
    """
    with Store.open_readonly(folder) as store:
        content = payload(store, folder)
    place = folder / PAGE_NAME if file is None else file
    replace_atomically(place, render(content))
    return Page(
        file=place,
        n_points=content["n_points"],
        n_planned=content["n_planned"],
        n_ended=content["n_ended"],
    )
