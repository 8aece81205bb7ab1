"""What costs are counted for: a family, its constants and what its DSP blocks may do."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Literal, get_args

from dse.errors import DesignError
from hw_models.cost.coefficient_set import CoefficientSet, load_coefficients
from hw_models.devices import DEVICES
from hw_models.devices.base import Family

DspUse = Literal["none", "auto"]
"""Multipliers in LUTs only, or in DSP blocks where that is cheaper."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """A family, its constants and whether DSP blocks may multiply.

    Compared by identity: `load_target` gives one object per name, and caches hash it often.
    """

    family: Family
    coefficients: CoefficientSet
    dsp: DspUse


@cache
def load_target(device: str, dsp: DspUse) -> Target:
    """Return the target of the family called `device`.

    Raises:
        UnknownPluginError: There is no such family.
        UnmodelledError: The family has no constants.
        DesignError: `dsp` is neither ``"none"`` nor ``"auto"``.
    """
    if dsp not in get_args(DspUse):
        raise DesignError(f"dsp must be one of {', '.join(get_args(DspUse))}, not '{dsp}'")
    return Target(family=DEVICES[device], coefficients=load_coefficients(device), dsp=dsp)


def coefficients_digest(device: str) -> str:
    """Return the sha256 of all constants behind the costs of `device`, as 64 hex digits.

    Those of its coefficients and of its family, with their sources.

    Raises:
        UnknownPluginError: There is no such family.
        UnmodelledError: The family has no constants.
    """
    target = load_target(device, "none")
    constants = {"family": asdict(target.family), "coefficients": asdict(target.coefficients)}
    text = json.dumps(constants, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
