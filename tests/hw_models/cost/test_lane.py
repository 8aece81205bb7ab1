"""Products: measured where a table has them, by formula elsewhere, never free."""

from itertools import product as pairs

import pytest

from dse.errors import FormatError
from dse.formats import default_sweep, parse_format
from hw_models.arith.cell import STYLES, Style
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.cost.lane import formula_lut, lane_cost
from hw_models.cost.measured import lane_rows, load_rows
from hw_models.cost.structure import FEATURES, lane_structure
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES

SWEEP = default_sweep()
MEASURED = ("ecp5", "ice40", "xcup")


def lane(weight, act, style, in_mac=False):
    shape = product(parse_format(weight), parse_format(act))
    return Lane(product=shape, style=style, in_mac=in_mac)


def cost(weight, act, device, in_mac=True):
    target = load_target(device, "none")
    return lane_cost(parse_format(weight), parse_format(act), target, in_mac=in_mac)


@pytest.mark.parametrize("device", MEASURED)
def test_every_pair_of_the_sweep_is_measured_in_a_mac(device):
    target = load_target(device, "none")
    for weight, act in pairs(SWEEP, [*SWEEP, parse_format("uint5"), parse_format("uint8")]):
        found = lane_cost(weight, act, target, in_mac=True)
        assert found.source.startswith("measured: yosys")
        assert 0 <= found.multiply <= found.lut
        assert found.lut > 0


@pytest.mark.parametrize("device", list(DEVICES))
@pytest.mark.parametrize(
    ("weight", "act"), [("int8", "int9"), ("int16", "uint16"), ("e2m1", "ue2m2"), ("int1", "uint1")]
)
def test_other_pairs_are_fitted_and_never_free(device, weight, act):
    found = cost(weight, act, device)
    assert found.lut > 0
    assert found.source.startswith("fitted")


@pytest.mark.parametrize("device", MEASURED)
def test_variants_with_special_codes_share_the_measured_cell(device):
    assert cost("e4m3fn", "e5m2ieee", device) == cost("e4m3", "e5m2", device)
    assert cost("e4m3b11", "int4", device) == cost("e4m3", "int4", device)


@pytest.mark.parametrize("device", MEASURED)
def test_the_formula_meets_every_measured_product(device):
    """In sample; the report of `bitfront calibrate` has pairs the formula has not seen."""
    weights = load_target(device, "none").coefficients.lane_weights.value
    table = lane_rows(device, STYLES[device][0])
    assert len(table) >= 24 * 26
    errors = [abs(formula_lut(lane, weights) - row.lut) / row.lut for lane, row in table.items()]
    assert sum(errors) / len(errors) < {"ecp5": 0.03, "ice40": 0.05, "xcup": 0.02}[device]


@pytest.mark.parametrize("device", ["ecp5", "ice40"])
def test_mirrored_minifloat_pairs_cost_the_same(device):
    found = {(row.weight, row.act): row.lut for row in load_rows(device) if row.cell == "lane"}
    minifloats = [f.name for f in SWEEP if f.family == "minifloat"]
    assert all(found[w, a] == found[a, w] for w, a in pairs(minifloats, repeat=2))


def test_structures_by_hand():
    """8 x 8 bits on ecp5: 7 rows of 9 half slices in a chain that ends with the product."""
    int8 = lane_structure(lane("int8", "int8", Style.ECP5))
    assert int8.multiply == int8.instantiated == 2 * 31 + 1
    assert not any(int8.mapped)
    e4m3 = lane_structure(lane("e4m3", "e4m3", Style.ECP5))
    # 3 rows of 5 half slices less one; a chain of 5 for the exponents; the sign
    assert e4m3.multiply == 2 * 8
    assert e4m3.instantiated == 2 * 8 + 2 * 3 + 1
    booth = lane_structure(lane("int8", "int8", Style.XILINX))
    assert booth.instantiated == 36
    table = lane_structure(lane("e2m1", "e2m1", Style.XILINX))
    assert (table.instantiated, table.mapped[-1]) == (8, 1)


@pytest.mark.parametrize("style", Style)
def test_every_structure_has_the_features_of_its_style(style):
    for weight, act in pairs(SWEEP, repeat=2):
        for in_mac in (False, True):
            found = lane_structure(lane(weight.name, act.name, style, in_mac))
            assert len(found.mapped) == len(FEATURES[style])
            assert min(found.multiply, found.instantiated, *found.mapped) >= 0
            assert found.instantiated + sum(found.mapped) > 0


def test_a_macs_accumulator_takes_over_a_stage_on_xilinx_alone():
    assert lane("e4m3", "e4m3", Style.XILINX, in_mac=True).keeps_top
    assert not lane("e4m3", "e4m3", Style.XILINX).keeps_top
    assert not lane("int8", "int8", Style.XILINX, in_mac=True).keeps_top
    assert not lane("e4m3", "e4m3", Style.ECP5, in_mac=True).keeps_top


def test_what_has_no_hardware_is_refused():
    with pytest.raises(FormatError, match="e6m1"):
        cost("e6m1", "int8", "xcup")


def test_formats_no_coefficient_was_fitted_to_are_called_extrapolated():
    assert "extrapolated: formats of 3 to 8 bits" in cost("int1", "int8", "ecp5").source
    assert "extrapolated: formats of 3 to 8 bits" in cost("int4", "int9", "ecp5").source
    assert "extrapolated" not in cost("int4", "uint7", "ecp5").source
