"""Samplers: which point of a space to evaluate next. One file, one sampler."""

from dse.registry import Registry
from dse.search.samplers.base import Candidate, Choice, Earlier, Problem, Sampler, SamplerKind

SAMPLERS = Registry("dse.search.samplers", "SAMPLER", SamplerKind, "sampler")

__all__ = ["SAMPLERS", "Candidate", "Choice", "Earlier", "Problem", "Sampler", "SamplerKind"]
