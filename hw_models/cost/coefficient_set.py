"""The constants of the cost model, one JSON file per family, each with its source."""

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Generic, Self, TypeVar

from dse.errors import UnmodelledError

T = TypeVar("T", int, float, bool, str, dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient(Generic[T]):
    """A constant and where it comes from."""

    value: T
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientSet:
    """The constants of one family.

    Attributes:
        cells: Synthesis results of arithmetic cells: ``data/<name>.csv``.
        lane_weights: LUTs of each thing the tool maps in a product, by name; `structure.FEATURES`.
        multiplier: Rule for a product in LUTs: ``"finn-r"`` or ``"row-array"``.
        and_in_adder: Whether an adder's LUT also holds the AND of a partial product.
        sign_in_adder: Whether an adder's LUT also holds the conditional complement of an addend.
        adder_lut_per_bit: LUTs per bit of an adder or accumulator with clear.
        comparator_lut_per_bit: LUTs per bit of a comparison.
        mux_select_bits: Select bits of the widest multiplexer that fits one LUT.
        free_mux_inputs: Inputs of the widest function whose LUTs are joined at no cost.
        counter_lut_per_bit: LUTs per bit of a counter and of its comparison with the last value.
        unit_counter_lut_per_bit: LUTs per bit of a matrix unit's counters.
        unit_control_lut: LUTs of the rest of a matrix unit's control.
        handshake_lut: LUTs of the valid/ready logic of a node.
        dsp_worth_lut: LUTs that a DSP block must save at least.
        logic_depth: Deepest memory [word] that is always made of LUTs.
        logic_width: Widest memory [bit] made of LUTs up to twice that depth.
        register_depth: Deepest writable memory [word] made of flip-flops without LUT RAM.
        scale_bits: Significand of a requantizer's scale [bit].
    """

    cells: Coefficient[str]
    lane_weights: Coefficient[dict[str, float]]
    multiplier: Coefficient[str]
    and_in_adder: Coefficient[bool]
    sign_in_adder: Coefficient[bool]
    adder_lut_per_bit: Coefficient[int]
    comparator_lut_per_bit: Coefficient[int]
    mux_select_bits: Coefficient[int]
    free_mux_inputs: Coefficient[int]
    counter_lut_per_bit: Coefficient[int]
    unit_counter_lut_per_bit: Coefficient[float]
    unit_control_lut: Coefficient[float]
    handshake_lut: Coefficient[int]
    dsp_worth_lut: Coefficient[int]
    logic_depth: Coefficient[int]
    logic_width: Coefficient[int]
    register_depth: Coefficient[int]
    scale_bits: Coefficient[int]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the constants of one family."""
        entries = json.loads(text)
        return cls(**{field.name: Coefficient(**entries[field.name]) for field in fields(cls)})


@cache
def load_coefficients(family: str) -> CoefficientSet:
    """Return the constants of `family`, from ``coefficients/<family>.json``.

    Raises:
        UnmodelledError: There are none.
    """
    return CoefficientSet.from_json(_text(family))


def _text(family: str) -> str:
    path = files("hw_models.cost") / "coefficients" / f"{family}.json"
    if not path.is_file():
        raise UnmodelledError(f"no cost coefficients for '{family}': {path.name} is missing")
    return path.read_text(encoding="utf-8")
