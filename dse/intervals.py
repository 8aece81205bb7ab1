"""How sure a measured accuracy is, alone and in comparison with another on the same images."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from dse.errors import DataError

CONFIDENCE_PCT = 95
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE_PCT / 200)
_HALVINGS = 60
"""Bisection steps; more would not change a float64 between -1 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % confidence interval.

    Attributes:
        low_pct: Lower end [%, or points of a difference].
        high_pct: Upper end.
    """

    low_pct: float
    high_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison:
    """Two classifiers on the same images.

    Attributes:
        n: Images.
        only_first: Images the first classifies rightly and the second wrongly.
        only_second: The other way round.
        interval: Of the first's accuracy minus the second's [points].
        p_value: Exact two-sided p of McNemar's test that neither is better.
    """

    n: int
    only_first: int
    only_second: int
    interval: Interval
    p_value: float

    @property
    def difference_pct(self) -> float:
        """Accuracy of the first minus that of the second [points]."""
        return 100.0 * (self.only_first - self.only_second) / self.n

    @property
    def sign(self) -> int:
        """1 if the first is better, -1 if the second is, 0 if 0 lies in the interval."""
        return int(self.interval.low_pct > 0) - int(self.interval.high_pct < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """Several classifiers against as many others, on the same images.

    Attributes:
        mean_pct: Accuracy of the first minus that of the second, mean over the pairs [points].
        interval: Of that mean [points].
    """

    mean_pct: float
    interval: Interval


def wilson(n_correct: int, n: int) -> Interval:
    """Return the score interval of an accuracy.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    JASA 22 (1927) 209-212.

    Args:
        n_correct: Images classified rightly, 0 … `n`.
        n: Images, at least 1.
    """
    share, weight = n_correct / n, _Z**2 / n
    centre = share + weight / 2
    reach = _Z * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    low = 0.0 if n_correct == 0 else (centre - reach) / (1 + weight)
    high = 1.0 if n_correct == n else (centre + reach) / (1 + weight)
    return Interval(low_pct=100 * low, high_pct=100 * high)


def accuracy_bound_pct(n_correct: int, n: int, total: int, looks: int, confidence: float) -> float:
    """Return what an accuracy on `total` images does not exceed, after `n` of them [%].

    The images seen are a random sample without replacement. The bound is Hoeffding's as Serfling
    sharpened it for such samples, R. J. Serfling, "Probability inequalities for the sum in sampling
    without replacement", Annals of Statistics 2 (1974) 39-48; and what is certain in any case: the
    images not seen are at best all classified rightly.

    Args:
        n_correct: Images classified rightly among those seen.
        n: Images seen, 1 … `total`.
        total: Images there are.
        looks: How often the bound is asked for on the way; all hold together (Bonferroni).
        confidence: Probability that they do, below 1.
    """
    width = math.log(looks / (1 - confidence)) * (1 - (n - 1) / total) / (2 * n)
    certain = (n_correct + total - n) / total
    return 100 * min(n_correct / n + math.sqrt(width), certain)


def compare_paired(first: bytes, second: bytes, n: int) -> PairedComparison:
    """Compare two classifiers by what each got right.

    Args:
        first: `numpy.packbits` of whether each of the `n` images was classified rightly.
        second: The same images under the other classifier.
        n: Images, at least 1.

    Raises:
        DataError: A bitmap does not hold `n` images.
    """
    a, b = (_unpacked(bitmap, n) for bitmap in (first, second))
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    return PairedComparison(
        n=n,
        only_first=only_first,
        only_second=only_second,
        interval=paired_interval(only_first, only_second, n),
        p_value=mcnemar_p(only_first, only_second),
    )


def mean_difference(pairs: Sequence[tuple[bytes, bytes]], n: int) -> MeanDifference:
    """Compare classifiers by what each got right, averaged over pairs of them.

    The interval is the normal one for the mean over images of each image's average difference:
    the images are the sample, the pairs are given.

    Args:
        pairs: Of bitmaps, as `compare_paired` takes them.
        n: Images, at least 2.

    Raises:
        DataError: A bitmap does not hold `n` images.
    """
    each = [_unpacked(first, n).astype(float) - _unpacked(second, n) for first, second in pairs]
    of_image = 100.0 * np.mean(each, axis=0)
    mean = float(of_image.mean())
    reach = _Z * float(of_image.std(ddof=1)) / math.sqrt(n)
    return MeanDifference(
        mean_pct=mean, interval=Interval(low_pct=mean - reach, high_pct=mean + reach)
    )


def paired_interval(only_first: int, only_second: int, n: int) -> Interval:
    """Return the score interval of the difference of two accuracies on the same images.

    It holds every difference that McNemar's score test, generalised to differences other than 0,
    does not reject; it keeps its level for few images and for no disagreement at all. Source:
    T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17 (1998) 891-908, solved here by bisection.

    Args:
        only_first: Images only the first classifies rightly.
        only_second: Images only the second classifies rightly.
        n: Images, at least 1.

    Returns:
        Interval of the first's accuracy minus the second's [points].
    """
    measured = (only_first - only_second) / n

    def score(difference: float) -> float:
        return _score(difference, only_first, only_second, n)

    return Interval(
        low_pct=100 * _falls_below(score, _Z, -1.0, measured),
        high_pct=100 * _falls_below(score, -_Z, measured, 1.0),
    )


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test, from integers alone.

    Under the hypothesis, the images on which exactly one is right fall to either like coins:
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions",
    Psychometrika 12 (1947) 153-157, with the binomial distribution itself.
    """
    n = only_first + only_second
    tail, term = 0, 1
    for k in range(min(only_first, only_second) + 1):
        tail += term
        term = term * (n - k) // (k + 1)
    return min(1.0, 2 * tail / (1 << n))


def _unpacked(bitmap: bytes, n: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if len(bitmap) != -(-n // 8):
        raise DataError(f"a bitmap of {len(bitmap)} bytes does not hold {n} images")
    return np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8), count=n).astype(np.bool_)


def _score(difference: float, only_first: int, only_second: int, n: int) -> float:
    """Return Tango's z of the hypothesis that the accuracies differ by `difference`.

    `q` is the likeliest probability, under the hypothesis, that only the second is right: the
    larger root of 2n·q² + b·q + c.
    """
    b = (2 * n - only_first + only_second) * difference - only_first - only_second
    c = -only_second * difference * (1 - difference)
    q = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    distance = only_first - only_second - n * difference
    variance = n * (2 * q + difference * (1 - difference))
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)


def _falls_below(score: Callable[[float], float], level: float, low: float, high: float) -> float:
    """Return where the decreasing function `score` crosses `level` between `low` and `high`."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if score(middle) > level:
            low = middle
        else:
            high = middle
    return (low + high) / 2
