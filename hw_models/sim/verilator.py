"""Simulation of designs with streams by Verilator: every beat, its words and its cycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError, VerificationError
from hw_models.plan import PlannedFile
from hw_models.rtl.design import Rtl
from hw_models.sim.program import CACHE, simulator
from hw_models.sim.words import LIMB_BITS, Words, limbs
from hw_models.tools import run

HARNESS = Path(__file__).with_name("harness.cpp")
PATIENCE_CYCLES = 100_000
"""Cycles without a beat on any stream that count as a hang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How the streams outside a design behave.

    Attributes:
        seed: Of everything random.
        gap: Probability that the next word of an input waits for another cycle.
        backpressure: Probability that outputs are not taken in a cycle.
    """

    seed: int
    gap: float = 0.0
    backpressure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Words for an input stream.

    Attributes:
        port: Start of its ports' names: ``in`` for ``in_data in_valid in_ready``.
        bits: Width of a word [bit].
        words: Shape `(words, limbs)`.
    """

    port: str = "in"
    bits: int
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """An output stream.

    Attributes:
        port: Start of its ports' names: ``out`` for ``out_data out_valid out_ready``.
        bits: Width of a word [bit].
        count: Words expected.
    """

    port: str = "out"
    bits: int
    count: int


Cycles = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What happened at each stream; cycles are counted from the end of the reset.

    Attributes:
        in_cycles: Cycle of each beat, of each input, shape `(words,)`.
        out_words: Words of each output, shape `(words, limbs)`.
        out_cycles: Cycle of each beat, of each output, shape `(words,)`.
    """

    in_cycles: tuple[Cycles, ...]
    out_words: tuple[Words, ...]
    out_cycles: tuple[Cycles, ...]

    def interval_cycles(self, frames: int, settled: int) -> float:
        """Return the mean cycles between the ends of frames.

        Args:
            frames: Frames simulated, back to back.
            settled: Frames before the pipeline is full, at least 1 and less than `frames`.
        """
        last = self.out_cycles[0].reshape(frames, -1)[:, -1]
        return float(last[-1] - last[settled - 1]) / (frames - settled)

    def latency_cycles(self, frames: int) -> int:
        """Return the cycles from the first beat of the first frame to its last one, both counted.

        The first frame meets an empty pipeline.
        """
        first = min(int(cycles[0]) for cycles in self.in_cycles)
        return int(self.out_cycles[0].reshape(frames, -1)[0, -1]) - first + 1


def simulate(
    design: Rtl,
    inputs: Sequence[Feed],
    outputs: Sequence[Drain],
    traffic: Traffic,
    *,
    folder: Path,
    timeout_s: float,
    patience_cycles: int = PATIENCE_CYCLES,
    cache: Path = CACHE,
) -> Simulation:
    """Simulate a design from reset until every input is taken and every output given.

    The program is built once per RTL text and kept in `cache`; memories are read when it runs.

    Args:
        design: Top module with ``clk``, ``rst`` and the streams named below.
        inputs: Its input streams.
        outputs: Its output streams.
        traffic: Gaps and back-pressure.
        folder: Where memories, words and the log are written.
        timeout_s: Longest time for the simulation itself [s].
        patience_cycles: Cycles without a beat that are a hang.
        cache: Folder of built programs.

    Raises:
        DesignError: Words that do not fit their stream.
        VerificationError: The design hangs, changes an output that is not yet taken, or gives more
            words than expected.
        ToolError: Verilator is missing, fails or does not end in time.
    """
    for feed in inputs:
        _check_words(feed)
    harness = (
        PlannedFile(path="ports.h", content=_ports(inputs, outputs)),
        PlannedFile(path="harness.cpp", content=HARNESS.read_text()),
    )
    program = simulator(design, harness, cache)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in design.memories:
        (folder / name).write_text(content)
    for feed in inputs:
        feed.words.astype("<u4").tofile(folder / f"{feed.port}.words")
    settings = (traffic.seed, traffic.gap, traffic.backpressure, patience_cycles)
    arguments = (*settings, *(drain.count for drain in outputs))
    log = folder / "simulation.log"
    run((str(program), *map(str, arguments)), folder=folder, log=log, timeout_s=timeout_s)
    outcome = log.read_text().splitlines()[-1]
    if not outcome.startswith("done"):
        raise VerificationError(f"{design.top}: {_FAULTS[outcome.split()[0]]}: {outcome}")
    return Simulation(
        in_cycles=tuple(_cycles(folder, feed.port) for feed in inputs),
        out_words=tuple(_words(folder, drain) for drain in outputs),
        out_cycles=tuple(_cycles(folder, drain.port) for drain in outputs),
    )


_FAULTS = {
    "hang": "no stream moves any more",
    "unstable": "an output changed before it was taken",
    "surplus": "more words than expected",
}


def _check_words(feed: Feed) -> None:
    shape = feed.words.shape
    if len(shape) != 2 or shape[1] != limbs(feed.bits):
        raise DesignError(f"words of {feed.bits} bits need {limbs(feed.bits)} limbs, got {shape}")
    spare = limbs(feed.bits) * LIMB_BITS - feed.bits
    if spare and (feed.words[:, -1] >> (LIMB_BITS - spare)).any():
        raise DesignError(f"words of {feed.port} have more than {feed.bits} bits")


def _words(folder: Path, drain: Drain) -> Words:
    words = np.fromfile(folder / f"{drain.port}.words", dtype="<u4").astype(np.uint32)
    return words.reshape(-1, limbs(drain.bits))


def _cycles(folder: Path, port: str) -> Cycles:
    return np.fromfile(folder / f"{port}.cycles", dtype="<u8").astype(np.uint64)


def _ports(inputs: Sequence[Feed], outputs: Sequence[Drain]) -> str:
    """Return the header that names the streams for the harness."""
    lines = []
    for macro, streams in (("INPUTS", inputs), ("OUTPUTS", outputs)):
        each = (f"X({stream.port}, {stream.bits}, {limbs(stream.bits)})" for stream in streams)
        lines.append(f"#define {macro}(X) {' '.join(each)}\n")
    return "".join(lines)
