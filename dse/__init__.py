"""Explore number formats: accuracy of a quantized network against the hardware it needs."""

__version__ = "0.1.0"
