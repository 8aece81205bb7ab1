"""FINN's RTL under Verilator, layer by layer, against what its layers should give."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw_models.finn.build import FinnBuild, FinnLayer
from hw_models.finn.rtl import layer_rtl
from hw_models.sim.verilator import Drain, Feed, Traffic, simulate
from hw_models.sim.words import Words, pack

TIMEOUT_S = 600.0


Beats = Mapping[str, NDArray[np.int64]]
"""``<layer>.in`` and ``<layer>.out``, shape `(beats, elements)`, of several frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the RTL of a layer did.

    Attributes:
        cycles: Interval between the ends of frames that come back to back.
        words_compared: Words of its output stream.
        words_different: Those that are not what its model gives.
    """

    cycles: float
    words_compared: int
    words_different: int


def check_layer(
    build: FinnBuild,
    layer: FinnLayer,
    beats: Beats,
    folder: Path,
    *,
    traffic: Traffic,
    timeout_s: float = TIMEOUT_S,
) -> Simulated:
    """Simulate the RTL of a layer and compare every word it gives.

    Args:
        build: What FINN made.
        layer: One of its RTL layers.
        beats: Of three frames or more, from `hw_models.finn.build.trace`.
        folder: Where words and logs go.
        traffic: Gaps and back-pressure; the interval is meaningful without either.
        timeout_s: Longest simulation [s].

    Raises:
        VerificationError: The RTL hangs or breaks the stream's rules.
        ToolError: Verilator is missing or fails.
    """
    taken = _words(beats[f"{layer.name}.in"], layer.input_bits)
    expected = _words(beats[f"{layer.name}.out"], layer.output_bits)
    early = np.zeros((layer.early_beats, expected.shape[1]), dtype=expected.dtype)  # padding
    simulation = simulate(
        layer_rtl(build, layer),
        (Feed(bits=layer.input_bits, words=taken),),
        (Drain(bits=layer.output_bits, count=len(expected) + len(early)),),
        traffic,
        folder=folder,
        timeout_s=timeout_s,
    )
    (given,), (cycles,) = simulation.out_words, simulation.out_cycles
    ends = cycles[: len(expected)].reshape(-1, layer.output_beats)[:, -1]
    return Simulated(
        cycles=float(ends[-1] - ends[0]) / (len(ends) - 1),
        words_compared=len(expected),
        words_different=int((given != np.concatenate([expected, early])).any(axis=1).sum()),
    )


def _words(beats: NDArray[np.int64], bits: int) -> Words:
    """Return beats of elements, shape `(beats, elements)`, as words of `bits` bits."""
    lanes = beats.shape[1]
    return pack(beats, bits // lanes, lanes)
