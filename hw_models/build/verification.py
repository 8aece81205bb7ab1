"""RTL against golden: every word the accelerator gives, under gaps and back-pressure."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import VerificationError
from hw_models.build.design import Design
from hw_models.dataflow import bits_given
from hw_models.graph import INPUT
from hw_models.sim.golden import golden_outputs
from hw_models.sim.verilator import PATIENCE_CYCLES, Drain, Feed, Simulation, Traffic, simulate
from hw_models.sim.words import pack, unpack

TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a comparison found.

    Attributes:
        images: Images simulated.
        words_compared: Output elements compared.
        words_different: Those that are not golden's.
        first_difference: The first of them; empty if there is none.
    """

    images: int
    words_compared: int
    words_different: int
    first_difference: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(**data)


def compare(
    design: Design,
    codes: NDArray[np.int64],
    traffic: Traffic,
    folder: Path,
    *,
    expected: NDArray[Any] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Verification:
    """Simulate `design` on `codes` and compare each output element with golden.

    Args:
        design: Accelerator.
        codes: Input codes, shape `(n, height, width, channels)`.
        traffic: Gaps and back-pressure.
        folder: Where the simulation works.
        expected: What golden gives, shape `(n, vectors, channels)`; computed by default.
        timeout_s: Longest time for the simulation [s].

    Raises:
        VerificationError: The design hangs or breaks the rules of its streams.
        ToolError: Verilator is missing, fails or does not end in time.
    """
    if expected is None:
        expected = golden_outputs(design.model, codes)
    simulation = run(design, codes, traffic, folder, timeout_s=timeout_s)
    output = design.flow.output
    last = design.flow.accelerator.nodes[-1]
    got = unpack(
        simulation.out_words[0],
        output.bits,
        output.source_lanes,
        is_signed=last.out_format is None,
    ).reshape(expected.shape)
    wrong = np.argwhere(got != expected)
    first = ""
    if len(wrong):
        image, vector, channel = (int(i) for i in wrong[0])
        first = (
            f"image {image}, vector {vector}, channel {channel}: "
            f"RTL {got[tuple(wrong[0])]}, golden {expected[tuple(wrong[0])]}"
        )
    return Verification(
        images=len(codes),
        words_compared=int(expected.size),
        words_different=len(wrong),
        first_difference=first,
    )


def run(
    design: Design,
    codes: NDArray[np.int64],
    traffic: Traffic,
    folder: Path,
    *,
    timeout_s: float = TIMEOUT_S,
) -> Simulation:
    """Simulate `design` on `codes`, frames back to back.

    Raises:
        VerificationError: As `compare`.
        ToolError: As `compare`.
    """
    (entry, *_) = design.flow.streams_from(INPUT)
    output = design.flow.output
    last = design.flow.accelerator.nodes[-1]
    assert output.bits == bits_given(last), "the output stream is the last node's"
    return simulate(
        design.rtl,
        [
            Feed(
                bits=entry.bits * entry.source_lanes,
                words=pack(codes, entry.bits, entry.source_lanes),
            )
        ],
        [
            Drain(
                bits=output.bits * output.source_lanes,
                count=len(codes) * last.out_elements // output.source_lanes,
            )
        ],
        traffic,
        folder=folder,
        timeout_s=timeout_s,
        patience_cycles=PATIENCE_CYCLES + 4 * design.schedule.latency_cycles,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Cycles measured with inputs always there and outputs always taken.

    Attributes:
        interval_cycles: Between the ends of frames once the pipeline is full.
        latency_cycles: From the first beat of the first frame to its last, both counted.
    """

    interval_cycles: float
    latency_cycles: int


def measure(
    design: Design, codes: NDArray[np.int64], folder: Path, *, timeout_s: float = TIMEOUT_S
) -> Measurement:
    """Measure the interval and the latency of `design` on some of `codes`, repeated if need be.

    Raises:
        VerificationError: As `compare`.
        ToolError: As `compare`.
    """
    schedule = design.schedule
    settled = 2 + -(-schedule.latency_cycles // schedule.interval_cycles)
    frames = settled + 4
    images = np.resize(codes, (frames, *codes.shape[1:]))
    simulation = run(design, images, Traffic(seed=0), folder, timeout_s=timeout_s)
    return Measurement(
        interval_cycles=simulation.interval_cycles(frames, settled),
        latency_cycles=simulation.latency_cycles(frames),
    )


def require_equal(verification: Verification, where: str) -> None:
    """Raise `VerificationError` if words differ; `where` names the node or the design."""
    if verification.words_different:
        raise VerificationError(
            f"{where}: {verification.words_different} of {verification.words_compared} words "
            f"differ from golden; first {verification.first_difference}"
        )
