"""What is known of quantization errors without classifying an image."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from dse.formats import Format


class KnowsSqnr(Protocol):
    """Whatever knows the SQNR of layers in formats, as `dse.quant.sensitivity.Sensitivity`."""

    def weight_sqnr_db(self, layer: str, number_format: Format) -> float:
        """Return the SQNR of a layer's weights [dB]."""

    def act_sqnr_db(self, layer: str, number_format: Format) -> float:
        """Return the SQNR of a layer's inputs [dB]."""


def noise_of(
    sqnr: KnowsSqnr, operands: Iterable[tuple[str, str, Sequence[Format]]]
) -> tuple[float, ...]:
    """Return the error power that each choice of formats adds, as a share of the signal's.

    Args:
        sqnr: Knows the layers.
        operands: Layer, ``weights`` or ``acts``, and the format it has at each choice.
    """
    parts = []
    for layer, operand, formats in operands:
        of = sqnr.weight_sqnr_db if operand == "weights" else sqnr.act_sqnr_db
        parts.append([10 ** (-of(layer, number_format) / 10) for number_format in formats])
    return tuple(np.array(parts).sum(axis=0).tolist())
