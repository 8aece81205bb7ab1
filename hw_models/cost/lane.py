"""LUTs of one exact product: measured where its cell was synthesised, else by a fitted formula.

The significands are multiplied, and the sum of the exponents shifts the product to its place in the
accumulator (Kulisch; Aggarwal et al., arXiv 2311.12359; Uguen & de Dinechin 2017). Integers are
significands that are never shifted.
"""

from dataclasses import dataclass
from functools import lru_cache

from dse.errors import UnmodelledError
from dse.formats import Format
from hw_models.arith.cell import STYLES, Architecture, Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.cost.measured import lane_rows
from hw_models.cost.structure import FEATURES, lane_structure
from hw_models.cost.target import Target

FITTED_BITS = range(3, 9)
"""Widths of the formats behind the fitted coefficients: those of the default sweep [bit]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCost:
    """LUTs of one product.

    Attributes:
        lut: All of it.
        multiply: Its significand multiplier, as far as the RTL instantiates it.
        source: Measured or fitted, and where that is written.
    """

    lut: int
    multiply: int
    source: str


def target_style(target: Target) -> Style:
    """Return the style in which cells are written for `target`.

    Raises:
        UnmodelledError: Cells have none for this family.
    """
    name = target.family.name
    if name not in STYLES:
        raise UnmodelledError(f"no arithmetic cells for the family '{name}'")
    return STYLES[name][0]


@lru_cache(maxsize=65536)
def lane_cost(
    weight: Format,
    act: Format,
    target: Target,
    *,
    in_mac: bool,
    architecture: Architecture = Architecture.CHEAPEST,
) -> LaneCost:
    """Return the LUTs of one exact product.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        target: Family and its constants.
        in_mac: Whether an accumulator follows at once, not an adder tree.
        architecture: What it is made of.

    Raises:
        DesignError: It cannot be made of that.
        FormatError: More than 16 bits, more than 5 exponent bits.
    """
    style = target_style(target)
    lane = Lane(
        product=product(weight, act), style=style, in_mac=in_mac, architecture=architecture
    ).canonical
    structure = lane_structure(lane)
    multiply = structure.multiply
    cells = target.coefficients.cells.value
    if (row := lane_rows(cells, style).get(lane)) is not None:
        source = f"measured: {row.tool} {row.version}, data/{cells}.csv"
        return LaneCost(lut=row.lut, multiply=min(multiply, row.lut), source=source)
    weights = target.coefficients.lane_weights
    lut = max(1, round(formula_lut(lane, weights.value)))
    source = weights.source
    if not {weight.bits, act.bits} <= set(FITTED_BITS):
        source += (
            f"; extrapolated: formats of {FITTED_BITS.start} to {FITTED_BITS.stop - 1} bits "
            "were fitted"
        )
    return LaneCost(lut=lut, multiply=min(multiply, lut), source=source)


def formula_lut(lane: Lane, weights: dict[str, float]) -> float:
    """Return the LUTs of `lane` by formula: what is instantiated, and what is mapped by weight."""
    structure = lane_structure(lane)
    mapped = zip(FEATURES[lane.style], structure.mapped, strict=True)
    return structure.instantiated + sum(weights[name] * count for name, count in mapped)
