"""What costs are counted for: a family, its constants and what its DSP blocks may do."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Literal, get_args

from dse.errors import DesignError
from hw_models.cost.coefficient_set import CoefficientSet, load_coefficients
from hw_models.cost.measured import load_rows
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
    """Return the sha256 of all numbers behind the costs of `device`, as 64 hex digits.

    Those of its coefficients, of its measured products and of its family; where they come from
    plays no part.

    Raises:
        UnknownPluginError: There is no such family.
        UnmodelledError: The family has no constants.
    """
    target = load_target(device, "none")
    rows = load_rows(target.coefficients.cells.value)
    products = [(row.cell, row.weight, row.act, row.lut) for row in rows if "lane" in row.cell]
    constants = [asdict(target.family), asdict(target.coefficients), products]
    text = json.dumps(_without_sources(constants), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_sources(value: object) -> object:
    if isinstance(value, dict):
        kept = (key for key in value if not key.endswith("source"))
        return {key: _without_sources(value[key]) for key in kept}
    if isinstance(value, list | tuple):
        return [_without_sources(item) for item in value]
    return value
