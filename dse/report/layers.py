"""The formats of a front's points, layer by layer."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dse.point import LayerScheme, Scheme
from dse.report.markdown import escape, table
from dse.report.symbols import TIMES

if TYPE_CHECKING:
    import pandas as pd

_DIGITS_OF_A_POINT = 8


def layers_table(front: "pd.DataFrame", schemes: Mapping[str, Scheme]) -> str:
    """Return a row a point and a column a layer: weights × inputs.

    Args:
        front: Rows on the front, in the order they are shown.
        schemes: Scheme of each of them, by digest.
    """
    layers = [layer.layer for layer in next(iter(schemes.values())).layers]
    rows = (
        [f"`{digest[:_DIGITS_OF_A_POINT]}`", *_cells(schemes[digest].layers)]
        for digest in front["digest"]
    )
    return table(["point", *map(escape, layers)], rows, "l" * (len(layers) + 1))


def _cells(layers: tuple[LayerScheme, ...]) -> Iterator[str]:
    for layer in layers:
        yield escape(f"{layer.weight.name} {TIMES} {layer.act.name}")
