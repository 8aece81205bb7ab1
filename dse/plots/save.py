"""Figures as files: whole or not there, and the same bytes for the same figure."""

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.errors import DesignError
from dse.files import replace_atomically
from dse.plots.style import styled

_DATELESS = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}
"""Metadata per file format, without what changes from run to run."""
FILE_FORMATS = tuple(_DATELESS)


def save_figure(
    axes: Axes, stem: Path, file_formats: Sequence[str] = FILE_FORMATS
) -> tuple[Path, ...]:
    """Write the figure of `axes` as ``stem.png``, ``stem.svg`` and ``stem.pdf``.

    Args:
        axes: Axes of the figure.
        stem: Path without its ending; missing folders are made.
        file_formats: Which of png, svg and pdf.

    Returns:
        Paths of the files.

    Raises:
        DesignError: A file format is none of these.
        DataError: A file cannot be written; what was there before is unchanged.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    paths = []
    for file_format in file_formats:
        if file_format not in _DATELESS:
            raise DesignError(
                f"figures are not written as '{file_format}'; choose from {', '.join(FILE_FORMATS)}"
            )
        content = io.BytesIO()
        with styled():
            figure.savefig(content, format=file_format, metadata=_DATELESS[file_format])
        path = stem.with_name(f"{stem.name}.{file_format}")
        replace_atomically(path, content.getvalue())
        paths.append(path)
    return tuple(paths)
