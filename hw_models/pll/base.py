"""Which clocks a phase-locked loop can make of an oscillator's."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

_PRECISION = 9
"""Decimals in which two clocks must differ to be two [MHz]; settings differ far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A range of frequencies, both ends allowed.

    Attributes:
        low_mhz: Lowest [MHz].
        high_mhz: Highest [MHz].
    """

    low_mhz: float
    high_mhz: float

    def __contains__(self, mhz: float) -> bool:
        return self.low_mhz <= mhz <= self.high_mhz

    def distance(self, mhz: float) -> float:
        """Return how far `mhz` is from the middle [MHz]."""
        return abs(mhz - (self.low_mhz + self.high_mhz) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock the fabric can have, and how the loop makes it.

    Attributes:
        clock_mhz: The clock [MHz].
        divide: Divider of the loop's input, 1 or more.
        multiply: Divider in the loop's feedback.
        output: Divider of the oscillator (VCO).
        is_direct: Whether the input clock is used as it comes, with no loop.
    """

    clock_mhz: float
    divide: int = 1
    multiply: int = 1
    output: int = 1
    is_direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pll:
    """Phase-locked loop of a family.

    The phase detector runs at input / divide. Without `feeds_back_output` the VCO runs at
    multiply times that and the clock is VCO / output; with it, the clock runs at multiply times
    that and the VCO at output times the clock.

    Attributes:
        name: Name of the primitive.
        library: Library file (`hw_models/rtl/lib`) that instantiates it.
        dividers: Legal `divide`.
        multipliers: Legal `multiply`.
        outputs: Legal `output`.
        feeds_back_output: Whether the feedback is taken behind the output's divider.
        detector: Legal frequencies of the phase detector.
        vco: Legal frequencies of the VCO.
        clocks: Legal frequencies of the output.
        source: Data sheet or tool with these limits.
    """

    name: str
    library: str
    dividers: tuple[int, ...]
    multipliers: tuple[int, ...]
    outputs: tuple[int, ...]
    feeds_back_output: bool
    detector: Limits
    vco: Limits
    clocks: Limits
    source: str

    def clocks_from(self, input_mhz: float) -> tuple[Clock, ...]:
        """Return every clock the loop makes of `input_mhz`, ascending, and the input itself.

        Where several settings make the same clock, the one with the fastest phase detector is
        taken, then the one whose VCO is nearest to the middle of its range.
        """
        best: dict[float, tuple[tuple[float, float], Clock]] = {}
        for clock, vco_mhz in self._settings(input_mhz):
            rank = (clock.divide, self.vco.distance(vco_mhz))
            if clock.clock_mhz not in best or rank < best[clock.clock_mhz][0]:
                best[clock.clock_mhz] = rank, clock
        best[input_mhz] = (0, 0), Clock(clock_mhz=input_mhz, is_direct=True)
        return tuple(best[clock_mhz][1] for clock_mhz in sorted(best))

    def _settings(self, input_mhz: float) -> Iterator[tuple[Clock, float]]:
        """Yield every legal setting and its VCO's frequency [MHz]."""
        for divide, multiply in product(self.dividers, self.multipliers):
            detector_mhz = input_mhz / divide
            if detector_mhz not in self.detector:
                continue
            fed_back_mhz = detector_mhz * multiply
            for output in self.outputs:
                if self.feeds_back_output:
                    clock_mhz, vco_mhz = fed_back_mhz, fed_back_mhz * output
                else:
                    clock_mhz, vco_mhz = fed_back_mhz / output, fed_back_mhz
                if vco_mhz in self.vco and clock_mhz in self.clocks:
                    clock = Clock(
                        clock_mhz=round(clock_mhz, _PRECISION),
                        divide=divide,
                        multiply=multiply,
                        output=output,
                    )
                    yield clock, vco_mhz
