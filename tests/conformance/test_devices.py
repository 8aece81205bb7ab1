"""Every FPGA family in the registry, its own and third parties', is complete."""

import json
from dataclasses import fields, replace
from importlib.resources import files

import pytest

from dse.errors import UnknownPluginError
from hw_models.cost import coefficients_digest
from hw_models.cost.coefficient_set import CoefficientSet, load_coefficients
from hw_models.cost.target import Target, load_target
from hw_models.devices import DEVICES
from hw_models.devices.base import BlockLayout

NOMINAL_CLOCKS_MHZ = {"ecp5": 100, "ice40": 24, "xc7": 150, "xcup": 250}


@pytest.fixture(params=list(DEVICES))
def family(request):
    return DEVICES[request.param]


def test_the_four_families_are_there():
    assert set(NOMINAL_CLOCKS_MHZ) <= set(DEVICES)
    for name, clock_mhz in NOMINAL_CLOCKS_MHZ.items():
        assert DEVICES[name].clock_mhz == clock_mhz


def test_facts_are_plausible_and_have_sources(family):
    assert DEVICES[family.name] is family
    assert family.lut_inputs in (4, 6)
    assert family.dsp.wide_bits >= family.dsp.narrow_bits > 8
    assert all(depth * width <= 36 * 512 for depth, width in family.block_ram.shapes)
    assert min(family.part_resources.lut, family.part_resources.bram18) > 0
    for source in (family.dsp.source, family.block_ram.source, family.part_source):
        assert source
    assert 2 * family.dsp.half_bits <= family.dsp.narrow_bits


def test_every_constant_has_a_source(family):
    constants = load_coefficients(family.name)
    for field in fields(CoefficientSet):
        assert getattr(constants, field.name).source
    folder = files("hw_models.cost") / "coefficients"
    stored = json.loads((folder / f"{family.name}.json").read_text(encoding="utf-8"))
    assert set(stored) == {field.name for field in fields(CoefficientSet)}


def test_digests_tell_families_apart(family):
    digest = coefficients_digest(family.name)
    assert len(digest) == 64
    assert digest == coefficients_digest(family.name)
    assert [digest] == [d for d in map(coefficients_digest, DEVICES) if d == digest]


def test_digests_depend_on_numbers_not_on_their_sources(family, monkeypatch):
    def digest_with(**changes):
        constants = replace(load_coefficients(family.name), **changes)
        changed = Target(family=family, coefficients=constants, dsp="none")
        monkeypatch.setattr("hw_models.cost.target.load_target", lambda *_: changed)
        return coefficients_digest(family.name)

    worth = load_coefficients(family.name).dsp_worth_lut
    assert digest_with(dsp_worth_lut=replace(worth, source="hearsay")) == digest_with()
    assert digest_with(dsp_worth_lut=replace(worth, value=worth.value + 1)) != digest_with()


def test_unknown_devices_get_the_nearest_name():
    with pytest.raises(UnknownPluginError, match="did you mean 'xcup'"):
        load_target("xcupp", "none")


def test_block_ram_takes_the_best_shape():
    block_ram = DEVICES["xcup"].block_ram
    assert block_ram.layout(512, 36).blocks == 1
    assert block_ram.layout(513, 36).blocks == 2
    assert block_ram.layout(16384, 1).blocks == 1
    assert block_ram.layout(16384, 8).blocks == 8
    assert DEVICES["ice40"].block_ram.layout(512, 16).blocks == 2


def test_rows_of_a_memory_share_blocks():
    """As Yosys 0.70 places them: three rows of 12 bits in two columns of 18."""
    block_ram = DEVICES["ecp5"].block_ram
    assert block_ram.layout(3000, 12) == BlockLayout(blocks=2, rows=3, row_depth=1024)
    assert block_ram.layout(4608, 4) == BlockLayout(blocks=1, rows=9, row_depth=512)
    assert block_ram.layout(73728, 4) == BlockLayout(blocks=16, rows=36, row_depth=2048)
    assert block_ram.layout(16384, 30) == BlockLayout(blocks=27, rows=8, row_depth=2048)
