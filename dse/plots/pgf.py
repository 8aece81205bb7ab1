"""Figures as PGF, for LaTeX to include; every word shows as it is."""

import io
import subprocess

from matplotlib.backends.backend_pgf import FigureCanvasPgf, LatexError, RendererPgf
from matplotlib.figure import Figure

from dse.errors import ToolFailedError
from dse.latex import escape
from dse.plots.style import styled
from hw_models.tools import find

_HEAD = """\
% needs \\usepackage{{pgf}}; \\input this file
\\begingroup
\\makeatletter
\\begin{{pgfpicture}}
\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}
\\pgfusepath{{use as bounding box, clip}}
"""
_TAIL = "\\end{pgfpicture}\n\\makeatother\n\\endgroup\n"


def pgf_text(figure: Figure) -> str:
    """Return `figure` as a ``pgfpicture``. Type is the document's, in the figure's sizes.

    Raises:
        ToolNotFoundError: There is no pdflatex.
        ToolFailedError: It failed.
    """
    find("pdflatex")
    before = figure.canvas
    with styled():
        try:
            _Canvas(figure)  # becomes the figure's, so that its layout measures as LaTeX does
            width, height = figure.get_size_inches()
            content = io.StringIO()
            content.write(_HEAD.format(width=width, height=height))
            figure.draw(_Renderer(figure, content))  # type: ignore[no-untyped-call]
            content.write(_TAIL)
        except (LatexError, subprocess.SubprocessError, OSError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ToolFailedError(f"pdflatex could not measure the figure's words: {reason}") from (
                error
            )
        finally:
            figure.set_canvas(before)
    return content.getvalue()


class _Renderer(RendererPgf):
    """Draws and measures words that are escaped; they come as they are, not as TeX."""

    def draw_text(
        self, gc: object, x: float, y: float, s: str, *rest: object, **options: object
    ) -> None:
        super().draw_text(gc, x, y, escape(s), *rest, **options)  # type: ignore[no-untyped-call]

    def get_text_width_height_descent(
        self, s: str, prop: object, ismath: object
    ) -> tuple[float, float, float]:
        size: tuple[float, float, float] = super().get_text_width_height_descent(  # type: ignore[no-untyped-call]
            escape(s), prop, ismath
        )
        return size


class _Canvas(FigureCanvasPgf):
    def get_renderer(self) -> RendererPgf:
        return _Renderer(self.figure, None)  # type: ignore[no-untyped-call]
