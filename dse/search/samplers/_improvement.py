"""Expected growth of the hypervolume where the cost is known and the error is not."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import norm

from dse.search.samplers.base import Floats, Problem


@dataclass(slots=True)
class Staircase:
    """What has been reached: at each cost, the least error of all that costs no more.

    Attributes:
        reference_error_pct: Roof of everything [%].
        reference_log2_cost: Right end of everything.
        seen: ``(log2_cost, error_pct)`` of what was evaluated.
    """

    reference_error_pct: float
    reference_log2_cost: float
    seen: list[tuple[float, float]] = field(default_factory=list)

    @classmethod
    def of(cls, problem: Problem) -> "Staircase":
        """Return the empty staircase of `problem`."""
        return cls(problem.reference_error_pct, problem.reference_log2_cost)

    def add(self, log2_cost: float, error_pct: float) -> None:
        """Add an evaluation."""
        self.seen.append((log2_cost, error_pct))

    def believing(self, log2_cost: Floats, error_pct: Floats) -> "Staircase":
        """Return the staircase as it will be if these predictions `(n,)` come true."""
        believed = zip(log2_cost.tolist(), error_pct.tolist(), strict=True)
        return replace(self, seen=[*self.seen, *believed])

    def _widths(self, log2_cost: Floats) -> tuple[Floats, Floats]:
        """Return each tread's roof `(treads,)` and what of it lies right of costs `(n, treads)`."""
        starts, roofs = [-np.inf], [self.reference_error_pct]
        for cost, error in sorted(self.seen):
            if cost < self.reference_log2_cost and error < roofs[-1]:
                starts.append(cost)
                roofs.append(error)
        ends = np.append(starts[1:], self.reference_log2_cost)
        widths = ends - np.maximum(np.asarray(starts), log2_cost[:, None])
        return np.asarray(roofs), np.maximum(widths, 0.0)

    def growth(self, log2_cost: Floats, error_pct: Floats) -> Floats:
        """Return what points with these costs and errors would each add to the hypervolume."""
        roofs, widths = self._widths(log2_cost)
        gained: Floats = (widths * np.maximum(roofs - error_pct[:, None], 0.0)).sum(axis=1)
        return gained

    def expected_growth(
        self, log2_cost: Floats, mean: Floats, deviation: Floats, offset_pct: float
    ) -> Floats:
        """Return what is expected of points whose errors are uncertain.

        The error plus `offset_pct` is log-normal, so each tread's part is that of a put option in
        Black and Scholes' formula, with the tread's roof as its price.

        Args:
            log2_cost: Costs, `(n,)`.
            mean: Of the natural logarithm of the errors plus the offset, `(n,)`.
            deviation: Standard deviation of the same, positive, `(n,)`.
            offset_pct: What was added to errors before their logarithm was taken [%].
        """
        roofs, widths = self._widths(log2_cost)
        strikes = roofs + offset_pct
        far = (np.log(strikes) - mean[:, None]) / deviation[:, None]
        forward = np.exp(mean + deviation**2 / 2)[:, None]
        put = strikes * norm.cdf(far) - forward * norm.cdf(far - deviation[:, None])
        expected: Floats = (widths * np.maximum(put, 0.0)).sum(axis=1)
        return expected
