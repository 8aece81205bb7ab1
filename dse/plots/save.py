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
_WITH_TEX = "pgf"
ALL_FILE_FORMATS = (*FILE_FORMATS, _WITH_TEX)


def save_figure(
    axes: Axes, stem: Path, file_formats: Sequence[str] = FILE_FORMATS
) -> tuple[Path, ...]:
    """Write the figure of `axes` as ``stem.png``, ``stem.svg`` and ``stem.pdf``.

    The figure keeps its size: nothing is cut off around it.

    Args:
        axes: Axes of the figure.
        stem: Path without its ending; missing folders are made.
        file_formats: Which of png, svg, pdf and pgf, which needs LaTeX to measure its words.

    Returns:
        Paths of the files.

    Raises:
        DesignError: A file format is none of these.
        DataError: A file cannot be written; what was there before is unchanged.
        ToolError: There is no LaTeX, or it failed.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    paths = []
    for file_format in file_formats:
        check_file_format(file_format)
        if file_format == _WITH_TEX:
            from dse.plots.pgf import pgf_text

            content = pgf_text(figure).encode()
        else:
            content = _rendered(figure, file_format)
        path = stem.with_name(f"{stem.name}.{file_format}")
        replace_atomically(path, content)
        paths.append(path)
    return tuple(paths)


def check_file_format(name: str) -> None:
    """Check that figures can be written in a file format.

    Raises:
        DesignError: They cannot.
        ToolNotFoundError: It takes LaTeX, which is not installed.
    """
    if name not in ALL_FILE_FORMATS:
        raise DesignError(
            f"figures are not written as '{name}'; choose from {', '.join(ALL_FILE_FORMATS)}"
        )
    if name == _WITH_TEX:
        from hw_models.tools import find

        find("pdflatex")


def _rendered(figure: Figure, file_format: str) -> bytes:
    content = io.BytesIO()
    with styled():
        figure.savefig(content, format=file_format, metadata=_DATELESS[file_format])
    return content.getvalue()
