"""How a network's error follows from the power of its quantization errors: a law with doubt.

The error of a network is that of the float network plus a drop,

    error + offset = exp(floor) + exp(scale + exponent * log N + the recipe's effect),
    N = sum over choices of noise(value) * exp(weight of the choice + effect of the value),

so every choice adds its error power, some layers matter more than others, and some formats are
better or worse than their SQNR says. All parameters have normal priors; a fit is their most
probable value with the covariance of the linearised law (Laplace's method). What a fit of any law
leaves over, and the counting of images, is noise. Ours; no paper's formula.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import least_squares

from dse.search.samplers.base import Floats, Ints, Problem

_SILENT = 1e-12
"""Error power of a value that loses nothing, small beside any that does."""
_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Standard deviations of what is not known before the first evaluation.

    Round figures. An error power equal to the signal's is expected to cost some `drop_pct`, a drop
    is expected to grow with the error power itself.

    Attributes:
        drop_pct: Median drop at N = 1 [points].
        scale: Of the logarithm of that drop.
        exponent: Of the exponent, around 1.
        floor: Of the logarithm of the float network's error.
        choice: Of a choice's weight, in powers of e.
        value: Of a value's own effect, in powers of e.
        residual: Of the logarithm of the error, left over.
    """

    drop_pct: float = 20.0
    scale: float = 2.0
    exponent: float = 0.3
    floor: float = 0.1
    choice: float = 1.0
    value: float = 0.5
    residual: float = 0.03


PRIOR: Final = Prior()


class Law:
    """The law of one problem, fitted to what was evaluated of it."""

    def __init__(self, problem: Problem, prior: Prior = PRIOR) -> None:
        """Begin with the prior alone."""
        self._n_val = problem.n_val
        self.offset_pct = 50.0 / problem.n_val
        """Half an image [%], added to errors so that none is 0."""
        self._prior = prior
        noisy = [column for column, choice in enumerate(problem.choices) if choice.noise]
        self._noisy = noisy
        self._plain = [column for column in range(len(problem.choices)) if column not in noisy]
        self._log_noise = [
            np.log(np.maximum(problem.choices[column].noise or (), _SILENT)) for column in noisy
        ]
        sizes = [len(choice.values) for choice in problem.choices]
        first = 3 + len(noisy)
        self._effects = first + np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
        count = first + sum(sizes)
        self._mean = np.zeros(count)
        self._mean[0] = np.log(problem.float_error_pct + self.offset_pct)
        self._mean[1] = np.log(prior.drop_pct)
        self._mean[2] = 1.0
        self._deviation = np.full(count, prior.value)
        self._deviation[:3] = prior.floor, prior.scale, prior.exponent
        self._deviation[3:first] = prior.choice
        self._at = self._mean
        self._root = np.diag(self._deviation)

    def fit(self, candidates: Ints, error_pct: Floats) -> None:
        """Fit to errors [%] of candidates `(n, choices)`, beginning at the fit before."""
        seen = np.log(error_pct + self.offset_pct)
        counted = (100.0 - error_pct) / ((error_pct + self.offset_pct) * self._n_val)
        noise = np.sqrt(self._prior.residual**2 + counted)

        def residuals(at: Floats) -> Floats:
            law = self._evaluated(at, candidates)[0]
            return np.concatenate([(law - seen) / noise, (at - self._mean) / self._deviation])

        def jacobian(at: Floats) -> Floats:
            slopes = self._evaluated(at, candidates)[1]
            return np.vstack([slopes / noise[:, None], np.diag(1 / self._deviation)])

        self._at = least_squares(residuals, self._at, jac=jacobian, max_nfev=50).x
        _, triangle = np.linalg.qr(jacobian(self._at))
        self._root = np.linalg.inv(triangle)

    def mean(self, candidates: Ints) -> Floats:
        """Return the mean of the logarithm of error plus offset, `(n,)`, without its deviation."""
        return self._terms(self._at, candidates)[0]

    def predict(self, candidates: Ints) -> tuple[Floats, Floats]:
        """Return mean and deviation of the logarithm of error plus offset, both `(n,)`."""
        means, deviations = [np.zeros(0)], [np.zeros(0)]
        for start in range(0, len(candidates), _CHUNK):
            mean, slopes = self._evaluated(self._at, candidates[start : start + _CHUNK])
            variance = ((slopes @ self._root) ** 2).sum(axis=1) + self._prior.residual**2
            means.append(mean)
            deviations.append(np.sqrt(variance))
        return np.concatenate(means), np.concatenate(deviations)

    def _evaluated(self, at: Floats, candidates: Ints) -> tuple[Floats, Floats]:
        """Return the law, `(n,)`, and its slopes by parameter, `(n, parameters)`."""
        rows = np.arange(len(candidates))
        effects = self._effects + candidates
        law, drop, log_noise, parts = self._terms(at, candidates)
        share = np.exp(drop - law)
        slopes = np.zeros((len(candidates), len(at)))
        slopes[:, 0] = 1.0 - share
        slopes[:, 1] = share
        slopes[:, 2] = share * log_noise
        for k, column in enumerate(self._noisy):
            slope = share * at[2] * np.exp(parts[k] - log_noise)
            slopes[:, 3 + k] = slope
            slopes[rows, effects[:, column]] = slope
        for column in self._plain:
            slopes[rows, effects[:, column]] = share
        return law, slopes

    def _terms(self, at: Floats, candidates: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the law, the logarithms of drop and N, all `(n,)`, and of N's parts `(k, n)`."""
        effects = self._effects + candidates
        parts = np.stack(
            [
                noise[candidates[:, column]] + at[3 + k] + at[effects[:, column]]
                for k, (column, noise) in enumerate(zip(self._noisy, self._log_noise, strict=True))
            ]
        )
        log_noise = np.logaddexp.reduce(parts, axis=0)
        drop = at[1] + at[2] * log_noise + at[effects[:, self._plain]].sum(axis=1)
        return np.logaddexp(at[0], drop), drop, log_noise, parts
