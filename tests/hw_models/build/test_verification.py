"""Designs against golden: equal ones pass, faults are found and located."""

from dataclasses import replace

import numpy as np
import pytest

from dse.errors import VerificationError
from hw_models.build import locate
from hw_models.build.design import design
from hw_models.build.images import seeded_images
from hw_models.build.locate import first_different_node
from hw_models.build.mutate import Mutation, is_caught, mutations
from hw_models.build.verification import Verification, compare, measure, require_equal
from hw_models.folding import fold
from hw_models.schedule import slowest_ii_cycles
from hw_models.sim.golden import golden, golden_outputs
from hw_models.sim.verilator import Traffic

pytestmark = pytest.mark.tool("verilator")
STALLS = Traffic(seed=1, gap=0.3, backpressure=0.3)


@pytest.fixture(scope="module")
def codes(small):
    return seeded_images(small.model.input, 6, seed=1).codes


def test_a_design_equals_golden_and_keeps_its_schedule(small, codes, tmp_path):
    found = compare(small, codes, STALLS, tmp_path)
    assert found == Verification(images=6, words_compared=24, words_different=0)
    measured = measure(small, codes, tmp_path)
    assert measured.interval_cycles == slowest_ii_cycles(small.flow)
    predicted = small.schedule.latency_cycles
    assert abs(measured.latency_cycles / predicted - 1) < 0.05


def test_minifloats_wider_than_63_bits_equal_golden(make_model, portable, tmp_path):
    model = make_model(act="e5m2", weight="e5m2")
    made = design(model, fold(model.accelerator, 324), portable)
    assert made.flow.output.bits > 63
    images = seeded_images(model.input, 3, seed=2).codes
    assert compare(made, images, STALLS, tmp_path).words_different == 0


def test_a_wrong_weight_is_found_and_located(small, codes, tmp_path):
    weights = small.model.weights["conv"].copy()
    weights[1] = np.roll(weights[1], 1)
    other = replace(small.model, weights={**small.model.weights, "conv": weights})
    expected = golden_outputs(other, codes)
    found = compare(small, codes, STALLS, tmp_path, expected=expected)
    assert found.words_different == int((expected != golden_outputs(small.model, codes)).sum()) > 0
    wrong = np.argwhere(expected != golden_outputs(small.model, codes))[0]
    where = "image {}, vector {}, channel {}: RTL".format(*wrong)
    assert found.first_difference.startswith(where)
    with pytest.raises(VerificationError, match=f"^top: {found.words_different} of 24 .*{where}"):
        require_equal(found, "top")


def test_a_sound_design_has_no_different_node(small, codes, tmp_path):
    assert first_different_node(small, codes[:2], STALLS, tmp_path) is None


def test_the_first_node_at_fault_is_named(small, codes, tmp_path, monkeypatch):
    weights = small.model.weights["fc"][::-1].copy()
    other = replace(small.model, weights={**small.model.weights, "fc": weights})
    # the RTL is that of one model, golden that of another
    monkeypatch.setattr(locate, "golden", lambda model, x: golden(other, x))
    name, difference = first_different_node(small, codes[:2], STALLS, tmp_path)
    assert name == "fc"
    assert difference.words_different > 0


def test_every_kind_of_fault_is_noticed(small, codes, tmp_path):
    expected = golden_outputs(small.model, codes)
    drawn = list(mutations(small, codes, 5, seed=3))
    assert len(drawn) == 5
    assert {"weight", "threshold", "pad", "lanes"} <= {mutation.kind for mutation in drawn}
    for mutation in drawn:
        assert mutation.design.rtl != small.rtl, mutation.place
        assert is_caught(mutation, codes, expected, tmp_path), mutation.place


def test_a_design_without_a_fault_is_not_caught(small, codes, tmp_path):
    expected = golden_outputs(small.model, codes)
    nothing = Mutation(kind="none", place="nowhere", design=small)
    assert not is_caught(nothing, codes, expected, tmp_path)


def test_faults_depend_on_the_seed_only(small, codes):
    places = [
        [mutation.place for mutation in mutations(small, codes, 4, seed)] for seed in (5, 5, 6)
    ]
    assert places[0] == places[1] != places[2]
