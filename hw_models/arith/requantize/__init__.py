"""Architectures that turn exact sums into codes, each derived from a Tail and proven equal to it."""
