"""Where the files of a data set may lie."""

from collections.abc import Callable, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from dse.data.spec import DataSpec
from dse.errors import DataError


def roots(spec: DataSpec) -> tuple[Path, ...]:
    """Return the folders that may hold data sets: the one given, or the cache's and ``data``."""
    return (spec.folder(),) if spec.path else (user_cache_path("bitfront") / "data", Path("data"))


def first_with_files(
    spec: DataSpec, places: Sequence[Path], is_mine: Callable[[Path], bool], advice: str
) -> Path:
    """Return the first of `places` that holds any file of the data set.

    Args:
        spec: The data set, for messages.
        places: Folders in the order of preference; they need not exist.
        is_mine: Whether a folder that exists holds a file of the data set.
        advice: How to get the files.

    Raises:
        DataError: None does; names all of them and the advice.
    """
    for place in places:
        if place.is_dir() and is_mine(place):
            return place
    looked = ", ".join(str(place) for place in places)
    raise DataError(f"data '{spec.text}' not found in {looked}; {advice}")
