"""How good an approximation is: errors of arrays, errors of formats, accuracy of predictions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.errors import DataError
from dse.formats import Format

_COARSE_OCTAVES = np.linspace(-1, 8, 9 * 16 + 1)
"""Clipping points tried first, as log2 of multiples of the standard deviation."""
_FINE_OCTAVES = np.linspace(-1 / 16, 1 / 16, 17)
"""Those tried then, around the best of them."""


def mse(reference: ArrayLike, approximation: ArrayLike) -> float:
    """Return the mean squared difference of two arrays of equal shape, in float64.

    Raises:
        DataError: The shapes differ or the arrays are empty.
    """
    x = np.asarray(reference, dtype=np.float64)
    y = np.asarray(approximation, dtype=np.float64)
    if x.shape != y.shape or x.size == 0:
        raise DataError(f"cannot compare arrays of shapes {x.shape} and {y.shape}")
    return float(np.mean(np.square(x - y)))


def sqnr_db(reference: ArrayLike, approximation: ArrayLike) -> float:
    """Return signal power over mean squared error [dB]; inf where nothing differs."""
    error = mse(reference, approximation)
    return _db(float(np.mean(np.square(np.asarray(reference, dtype=np.float64)))), error)


def top1_pct(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return the share of rows of `scores` `(n, classes)` that peak at their label [%].

    Of equal scores the first counts, as in an argmax.

    Raises:
        DataError: The shapes do not fit, there are no rows, or a score is NaN.
    """
    rows, wanted = np.asarray(scores), np.asarray(labels)
    if rows.ndim != 2 or rows.size == 0 or wanted.shape != rows.shape[:1]:
        raise DataError(f"scores {rows.shape} and labels {wanted.shape} do not fit")
    if np.isnan(rows).any():
        raise DataError("a score is NaN; the network's weights or inputs are damaged")
    return 100.0 * float(np.mean(rows.argmax(axis=1) == wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution symmetric about 0.

    Args:
        name: For tables.
        variance: Its second moment.
        excess: Maps t ≥ 0, `(n,)`, to E[max(x − t, 0)].
    """

    name: str
    variance: float
    excess: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def best_sqnr_db(fmt: Format, distribution: Distribution) -> float:
    """Return the SQNR [dB] of `fmt` on `distribution`, at the scale that makes it greatest.

    Nothing is sampled. For values q₀ < q₁ < … with 0 among them, rounding to nearest and
    saturation, integrating (x − q)² by parts gives

        mse = variance − 2 · Σᵢ (qᵢ₊₁ − qᵢ) · E[max(x − |tᵢ|, 0)],   tᵢ = (qᵢ + qᵢ₊₁) / 2.

    The clipping point is searched from half the standard deviation to 256 times it, to within
    0.5 %; the error has a local minimum every octave or so, hence a grid and not a descent.
    """
    grid = fmt.grid()
    steps, midpoints = np.diff(grid), np.abs(grid[1:] + grid[:-1]) / 2
    # Midpoints mirror each other: evaluate each magnitude once.
    magnitudes, index = np.unique(midpoints, return_inverse=True)
    weights = np.bincount(index, weights=steps)
    unit = math.sqrt(distribution.variance) / float(np.abs(grid).max())

    def error(octave: float) -> float:
        scale = unit * math.exp2(octave)
        gain = float(weights @ distribution.excess(scale * magnitudes))
        return distribution.variance - 2 * scale * gain

    coarse = min(_COARSE_OCTAVES, key=error)
    return _db(distribution.variance, min(error(coarse + fine) for fine in _FINE_OCTAVES))


def _db(signal: float, noise: float) -> float:
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf


def _uniform_excess(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.square(np.maximum(1 - t, 0)) / 4


_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def _gaussian_excess(t: NDArray[np.float64]) -> NDArray[np.float64]:
    density = np.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    tail = _erfc(t / math.sqrt(2)) / 2
    return np.asarray(density - t * tail)


def _student_t8_excess(t: NDArray[np.float64]) -> NDArray[np.float64]:
    # Tail: Abramowitz and Stegun 26.7.4 with nu = 8; the density integrates in closed form.
    cosine2 = 1 / (1 + t * t / 8)
    sine = np.sqrt(1 - cosine2)
    tail = 0.5 - sine / 2 * (1 + cosine2 * (1 / 2 + cosine2 * (3 / 8 + cosine2 * 5 / 16)))
    peak = math.gamma(4.5) / (math.sqrt(8 * math.pi) * math.gamma(4))
    return np.asarray(peak * 8 / 7 * cosine2**3.5 - t * tail)


UNIFORM = Distribution(name="uniform", variance=1 / 3, excess=_uniform_excess)
GAUSSIAN = Distribution(name="gaussian", variance=1.0, excess=_gaussian_excess)
STUDENT_T8 = Distribution(name="student_t8", variance=8 / 6, excess=_student_t8_excess)
DISTRIBUTIONS = (UNIFORM, GAUSSIAN, STUDENT_T8)
"""On -1 … 1; standard normal; Student's t with 8 degrees of freedom."""
