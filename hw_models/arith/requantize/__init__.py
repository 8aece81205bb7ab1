"""Architectures that turn exact sums into codes: derived from a tail, proven equal to it."""
