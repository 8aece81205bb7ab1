"""QONNX files as models for hardware: `read_model`.

A file is read with distrust (`file`), seen as a graph (`network`) and walked once (`lower`). On the
way every tensor is a constant, or a stream (`values`): exact sums, a tail of float32 steps, a
quantizer, max pools. A stream becomes nodes of the accelerator (`builder`) when a node of the file
reads its codes. ``rules`` says what each operator does to the values; `layout` keeps account of
where the elements of a reshaped or transposed tensor are in its NHWC stream.
"""

from pathlib import Path

from dse.errors import DataError, DesignError, FormatError, UnsupportedLayerError
from hw_models.frontend.file import load
from hw_models.frontend.lower import lower
from hw_models.frontend.names import shown
from hw_models.frontend.network import network_of
from hw_models.model import Model

__all__ = ["read_model"]


def read_model(path: Path) -> Model:
    """Return the network in a QONNX file as an accelerator with weights and tails.

    Nodes carry the sanitised names of the file's nodes: a convolution's `Mvau` the one of its Conv,
    with ``_window`` for its `SlidingWindow`, and a `Requantize` the one of its quantizer.

    Raises:
        DataError: The file cannot be read, is damaged, or contradicts itself.
        UnsupportedLayerError: A node has no hardware; the message names it and what to do.
    """
    model = load(path)
    try:
        return lower(network_of(model))
    except UnsupportedLayerError as error:
        raise UnsupportedLayerError(f"{shown(path.name)}: {error}") from error
    except (DataError, DesignError, FormatError) as error:
        raise DataError(f"{shown(path.name)}: {error}") from error
