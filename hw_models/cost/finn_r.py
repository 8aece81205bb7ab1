"""FINN's published LUT formula for a whole matrix unit, to compare with; it sees widths only."""

import math

from hw_models.cost.logic import multiplier_lut
from hw_models.cost.target import load_target
from hw_models.folding import Folding, check_folding
from hw_models.graph import Mvau


def finn_r_lut(mvau: Mvau, folding: Folding, *, uses_dsp: bool) -> int:
    """Return the LUT6 of a matrix unit with weights in LUT RAM and no activation, as FINN has it.

    ``300 + 1.1·PE·(products + tree + accumulator) + weights`` (FINN-R, Blott et al. 2018; bounds on
    the accumulator from A2Q, arXiv 2301.13376), with

    * products: ``SIMD·(2·ceil((W + A) / 6) - 1)·(W + A)``, 0 in DSP blocks;
    * tree: ``(W + A)·(2·SIMD - 1)``;
    * accumulator: ``ceil(α + log2(1 + 2^-α) + 1)`` bits, α = log2 MW + W + A - 1 - signed(act);
    * weights: ``PE·SIMD·W·ceil(depth / 64)``.

    Raises:
        FoldingError: An illegal folding.
    """
    check_folding(mvau, folding)
    weight_bits, act_bits = mvau.weight.bits, mvau.act.bits
    product = multiplier_lut(weight_bits, act_bits, load_target("xc7", "none"))
    products = 0 if uses_dsp else folding.simd * product
    tree = (weight_bits + act_bits) * (2 * folding.simd - 1)
    alpha = math.log2(mvau.mw) + weight_bits + act_bits - 1 - mvau.act.signed
    accumulator = math.ceil(alpha + math.log2(1 + 2**-alpha) + 1)
    depth = (mvau.mw // folding.simd) * (mvau.mh // folding.pe)
    weights = folding.lanes * weight_bits * math.ceil(depth / 64)
    return int(300 + 1.1 * folding.pe * (products + tree + accumulator) + weights)
