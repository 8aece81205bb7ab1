"""The order of a format's bit patterns by value, which hardware compares and searches."""

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.arith.operand import operand


def codes_by_place(output: Format) -> NDArray[np.int64]:
    """Return the bit patterns of a format in ascending order of value, shape `(2^bits,)`.

    Place and pattern differ by exclusive ors only: ``lib/order.sv``. Patterns that mean no finite
    value have places too; that of -0 is just below that of +0.
    """
    code = operand(output)
    place = np.arange(1 << output.bits, dtype=np.int64)
    top = 1 << (output.bits - 1)
    if not code.is_signed:
        return place
    if code.is_twos_complement:
        return place ^ top
    return np.where(place & top, place ^ top, (place ^ (top - 1)) | top)
