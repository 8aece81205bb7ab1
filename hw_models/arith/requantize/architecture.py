"""The architectures of requantizers."""

from enum import StrEnum


class Architecture(StrEnum):
    """How a requantizer works."""

    THRESHOLDS = "thresholds"  #: Bisection over the codes, with thresholds of every channel
    LOOKUP = "lookup"  #: A table of all sums
