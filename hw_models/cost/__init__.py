"""What an accelerator takes of an FPGA, from formulas with stated sources.

::

    report = estimate(accelerator, foldings, "xcup", dsp="none")
"""

from hw_models.cost.estimate import estimate
from hw_models.cost.partial import PartialCostTable, estimate_partial
from hw_models.cost.points import CostTable, estimate_points
from hw_models.cost.target import DspUse, coefficients_digest

COST_VERSION = 13
"""Raised by hand whenever a rule changes what the same design costs."""

__all__ = [
    "COST_VERSION",
    "CostTable",
    "DspUse",
    "PartialCostTable",
    "coefficients_digest",
    "estimate",
    "estimate_partial",
    "estimate_points",
]
