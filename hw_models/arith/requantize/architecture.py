"""The architectures of requantizers."""

from enum import StrEnum


class Architecture(StrEnum):
    """How a requantizer works."""

    THRESHOLDS = "thresholds"  #: Bisection over the codes, with thresholds of every channel
    SCALE_ROUND = "scale_round"  #: A multiplication, rounding, and a list of corrections
    LOOKUP = "lookup"  #: A table of all sums
