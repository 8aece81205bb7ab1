"""How products are built: architectures, rows, and the registers there is room for."""

import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.arith.cell import Architecture, Dot, Mac, Style
from hw_models.arith.lane import Lane, cell_lane
from hw_models.arith.product import product

ROWS, BOOTH, TABLE = Architecture.ROWS, Architecture.BOOTH, Architecture.TABLE


def lane(weight, act, style, **given):
    shape = product(parse_format(weight), parse_format(act))
    return Lane(product=shape, style=style, **{"in_mac": False, **given})


@pytest.mark.parametrize(
    ("weight", "act", "style", "architectures"),
    [
        ("e2m1", "e2m1", Style.XILINX, (TABLE, BOOTH)),
        ("e2m1", "e2m2", Style.XILINX, (BOOTH,)),  # seven bits beside the signs
        ("e3m0", "e3m0", Style.XILINX, (BOOTH, TABLE)),  # thirteen bits of term
        ("e2m1", "e2m1", Style.ECP5, (ROWS,)),
    ],
)
def test_tables_are_for_few_inputs_and_narrow_terms(weight, act, style, architectures):
    found = lane(weight, act, style)
    assert found.architectures == architectures
    assert found.is_table == (architectures[0] is TABLE)


def test_a_product_is_made_of_what_is_asked_for():
    for asked in (BOOTH, TABLE):
        found = lane("e2m1", "e2m1", Style.XILINX, architecture=asked)
        assert found.made_of is asked
        assert found.is_table == (asked is TABLE)
    cheapest = lane("e2m1", "e2m1", Style.XILINX)
    assert lane("e2m1", "e2m1", Style.XILINX, architecture=TABLE).canonical == cheapest
    assert lane("e2m1", "e2m1", Style.XILINX, architecture=BOOTH).canonical != cheapest
    with pytest.raises(DesignError, match="cannot be made of 'table'; there is booth"):
        lane("int8", "int8", Style.XILINX, architecture=TABLE)


def test_a_cell_hands_its_architecture_to_its_product():
    e2m1 = parse_format("e2m1")
    mac = Mac(weight=e2m1, act=e2m1, terms=9, architecture=BOOTH)
    found = cell_lane(mac, Style.XILINX)
    assert found == lane("e2m1", "e2m1", Style.XILINX, in_mac=True, architecture=BOOTH)
    assert mac.name == "mac_e2m1_e2m1_9_booth"


def test_stages_of_the_shifter():
    assert lane("e4m3", "e4m3", Style.ECP5).fine_stages == 3
    # two's complement: every stage fills up with the sign
    assert lane("int4", "e5m2", Style.ECP5).fine_stages == 5


@pytest.mark.parametrize(
    ("weight", "act", "style", "rows", "most"),
    [
        ("int8", "int8", Style.ECP5, 7, 6),
        ("int8", "int8", Style.XILINX, 4, 2),
        ("e4m3", "e4m3", Style.PORTABLE, 3, 3),
        ("int8", "e5m2", Style.ECP5, 2, 2),
        ("e3m0", "e3m0", Style.ECP5, 0, 1),
        ("e2m1", "e2m1", Style.XILINX, 0, 0),
        ("e3m0", "e3m0", Style.XILINX, 0, 1),
    ],
)
def test_registers_go_between_rows_and_in_front_of_the_shifter(weight, act, style, rows, most):
    found = lane(weight, act, style)
    assert (found.rows, found.most_registers) == (rows, most)
    with pytest.raises(DesignError, match=f"room for 0 to {most} registers, not {most + 1}"):
        lane(weight, act, style, registers=most + 1)
    full = lane(weight, act, style, registers=most)
    assert sum(map(len, full.row_stages)) == rows


def test_rows_are_dealt_out_evenly():
    int8 = lane("int8", "int8", Style.ECP5, registers=1)
    assert int8.row_stages == (range(1, 5), range(5, 8))
    mixed = lane("int8", "e4m3", Style.ECP5, registers=2)  # one of them in front of the shifter
    assert mixed.row_stages == (range(1, 3), range(3, 4))


def test_registers_make_beats_later_and_no_rarer():
    int8 = parse_format("int8")
    formats = {"weight": int8, "act": int8, "terms": 9, "lanes": 5}
    assert Dot(**formats).latency_cycles == 1
    assert Dot(**formats, is_pipelined=True).latency_cycles == 5
    deep = Dot(**formats, is_pipelined=True, product_registers=2)
    assert (deep.latency_cycles, deep.ii_cycles) == (7, 1)
    with pytest.raises(DesignError, match="only a pipelined"):
        Dot(**formats, product_registers=1)
