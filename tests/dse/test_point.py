import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError
from dse.formats import default_sweep, parse_format
from dse.point import (
    ACCURACY_VERSION,
    AccuracyContext,
    CostContext,
    DesignPoint,
    LayerScheme,
    Scheme,
    canonical_json,
    find_by_prefix,
    joint_digest,
    sha256_of,
)
from dse.recipe import NONE, Recipe
from dse.training import QAT_VERSION, QatSettings
from hw_models.folding import Folding

LAYERS = ("conv1", "conv2", "fc")
INT8, INT4, E4M3 = parse_format("int8"), parse_format("int4"), parse_format("e4m3")
UINT5 = parse_format("uint5")

ACCURACY = AccuracyContext(weights="w", data="d", calibration=1000, seed=0)
COST = CostContext(shapes="s", coefficients="c", version=1)

GOLDEN_ACCURACY_KEY = "08a4910bb7f3f111c7bf15094e40be04e4e6f277100b5ec8d78b9cbd777721fd"
GOLDEN_TRAINED_KEY = "67fb9452a4cded939f0050a35828af92939761fc9f07924e1eb03e8e0be24349"
GOLDEN_COST_KEY = "8ed1171d05b01d846ef6e68f5ab7b639a72453a33ab57376a96128b8b4b217e9"
GOLDEN_DIGEST = "ffa727fbc7590f2f4de32f3cf135ece8bcdb4260072b40e60d5428cbb95975c3"


def a_point(**changes: object) -> DesignPoint:
    values = {
        "scheme": Scheme.uniform(LAYERS, INT4, E4M3, UINT5),
        "recipe": NONE,
        "foldings": (Folding(pe=2, simd=3),) * 3,
        "device": "xcup",
        "dsp": "none",
    }
    return DesignPoint(**{**values, **changes})


def test_canonical_json_sorts_keys_drops_spaces_and_writes_floats_as_hex():
    value = {"b": 0.1, "a": [1, True, "é"], "c": INT8}
    assert canonical_json(value) == (
        '{"a":[1,true,"\\u00e9"],"b":"0x1.999999999999ap-4","c":"int8"}'
    )


def test_canonical_json_refuses_what_has_no_canonical_form():
    with pytest.raises(TypeError, match="set has no canonical JSON"):
        canonical_json({"a": {1, 2}})


def test_golden_keys_hold_the_versions():
    """A key that changes makes every study compute everything again.

    If this fails, results changed meaning (raise ACCURACY_VERSION or COST_VERSION and write the
    new values here), or a key's definition changed by accident (undo that).
    """
    point = a_point()
    assert ACCURACY_VERSION == 1
    assert point.accuracy_key(ACCURACY) == GOLDEN_ACCURACY_KEY
    assert point.cost_key(COST) == GOLDEN_COST_KEY
    assert point.digest(ACCURACY, COST) == GOLDEN_DIGEST


def test_a_key_is_the_sha256_of_canonical_json():
    text = (
        '{"context":{"coefficients":"c","shapes":"s","version":1},"device":"xcup","dsp":"none",'
        '"foldings":[{"pe":2,"simd":3}],"scheme":{"act_range":"mse","granularity":"per_channel",'
        '"layers":[{"act":"uint5","layer":"fc","weight":"int4"}],"scale":"float32",'
        '"weight_range":"mse"}}'
    )
    point = a_point(
        scheme=Scheme.uniform(("fc",), INT4, E4M3, UINT5), foldings=(Folding(pe=2, simd=3),)
    )
    assert point.cost_key(COST) == hashlib.sha256(text.encode()).hexdigest()


def test_digest_joins_both_keys():
    point = a_point()
    keys = point.accuracy_key(ACCURACY), point.cost_key(COST)
    assert point.digest(ACCURACY, COST) == joint_digest(*keys)
    assert joint_digest(*keys) != joint_digest(*reversed(keys))


def test_accuracy_does_not_depend_on_hardware():
    other = a_point(foldings=(Folding(pe=1, simd=1),) * 3, device="ecp5", dsp="auto")
    assert other.accuracy_key(ACCURACY) == a_point().accuracy_key(ACCURACY)
    assert other.cost_key(COST) != a_point().cost_key(COST)


def test_cost_does_not_depend_on_data_or_recipe():
    other = a_point(recipe=Recipe.parse("gptq"))
    assert other.cost_key(COST) == a_point().cost_key(COST)
    assert other.accuracy_key(ACCURACY) != a_point().accuracy_key(ACCURACY)


@pytest.mark.parametrize("field", ["weights", "data", "calibration", "seed"])
def test_accuracy_key_depends_on_its_whole_context(field):
    values = {"weights": "w", "data": "d", "calibration": 1000, "seed": 0}
    values[field] = "x" if isinstance(values[field], str) else 7
    assert a_point().accuracy_key(AccuracyContext(**values)) != a_point().accuracy_key(ACCURACY)


@pytest.mark.parametrize("field", ["shapes", "coefficients", "version"])
def test_cost_key_depends_on_its_whole_context(field):
    values = {"shapes": "s", "coefficients": "c", "version": 1}
    values[field] = "x" if isinstance(values[field], str) else 2
    assert a_point().cost_key(CostContext(**values)) != a_point().cost_key(COST)


formats = st.sampled_from(default_sweep())


@given(
    weights=st.lists(formats, min_size=1, max_size=5),
    act=formats,
    granularity=st.sampled_from(["per_channel", "per_tensor"]),
    scale=st.sampled_from(["float32", "power_of_two"]),
    act_range=st.sampled_from(["mse", "percentile", "absmax"]),
    weight_range=st.sampled_from(["mse", "absmax"]),
    dsp=st.sampled_from(["none", "auto"]),
)
def test_json_round_trip(weights, act, dsp, **quantizers):
    scheme = Scheme(
        layers=tuple(
            LayerScheme(layer=f"l{index}", weight=weight, act=act)
            for index, weight in enumerate(weights)
        ),
        **quantizers,
    )
    point = a_point(
        scheme=scheme, foldings=(Folding(pe=4, simd=9),) * len(weights), dsp=dsp, device="ice40"
    )
    assert DesignPoint.from_json(point.to_json()) == point
    assert DesignPoint.from_json(point.to_json()).to_json() == point.to_json()
    assert Scheme.from_json(scheme.to_json()) == scheme


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scheme": 3}', '{"scheme": {"layers": 1}}'])
def test_json_that_is_no_point_is_refused(text):
    with pytest.raises(DesignError, match=r"this is not a (design point|scheme)"):
        DesignPoint.from_json(text)


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"layers": [{"layer": "a"}]}'])
def test_json_that_is_no_scheme_is_refused(text):
    with pytest.raises(DesignError, match="this is not a scheme"):
        Scheme.from_json(text)


def test_an_unknown_field_in_json_is_refused():
    plain = json.loads(a_point().scheme.to_json())
    with pytest.raises(DesignError, match="this is not a scheme"):
        Scheme.from_json(json.dumps(plain | {"zero_point": 3}))


def test_uniform_scheme_takes_the_data_format_at_the_input():
    scheme = Scheme.uniform(LAYERS, INT4, E4M3, UINT5)
    assert [layer.weight for layer in scheme.layers] == [INT4] * 3
    assert [layer.act for layer in scheme.layers] == [UINT5, E4M3, E4M3]
    assert (scheme.weight_format, scheme.act_format, scheme.signed) == ("int4", "e4m3", True)


def test_edge_format_is_for_weights_of_first_and_last_layer():
    scheme = Scheme.uniform(LAYERS, INT4, E4M3, UINT5, edge=INT8)
    assert [layer.weight for layer in scheme.layers] == [INT8, INT4, INT8]
    assert [layer.act for layer in scheme.layers] == [UINT5, E4M3, E4M3]
    assert scheme.weight_format == "int4"


def test_tensors_that_are_never_negative_take_the_unsigned_form():
    scheme = Scheme.uniform(LAYERS, INT4, E4M3, UINT5, never_negative=frozenset({"conv1", "fc"}))
    assert [layer.act for layer in scheme.layers] == [UINT5, E4M3, E4M3.unsigned()]
    assert (scheme.act_format, scheme.signed) == ("e4m3", False)


def test_all_unsigned_activations_are_named_as_they_are():
    never = frozenset(LAYERS)
    scheme = Scheme.uniform(LAYERS, INT4, INT8, UINT5, never_negative=never)
    assert (scheme.act_format, scheme.signed) == ("uint8", False)


def test_mixed_formats_are_called_mixed():
    layers = (
        LayerScheme(layer="a", weight=INT8, act=UINT5),
        LayerScheme(layer="b", weight=E4M3, act=INT8),
        LayerScheme(layer="c", weight=INT4, act=INT4),
        LayerScheme(layer="d", weight=INT8, act=INT8),
    )
    scheme = Scheme(layers=layers)
    assert (scheme.weight_format, scheme.act_format) == ("mixed", "mixed")


def test_a_network_of_one_layer_has_the_formats_of_that_layer():
    scheme = Scheme.uniform(("fc",), INT4, E4M3, UINT5)
    assert (scheme.weight_format, scheme.act_format, scheme.signed) == ("int4", "uint5", True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": ()}, "at least one layer"),
        ({"granularity": "per_row"}, "granularity 'per_row' is unknown; choose one of per_channel"),
        ({"scale": "int"}, "scale 'int'"),
        ({"act_range": "max"}, "activation range 'max'"),
        ({"weight_range": "percentile"}, "weight range 'percentile'"),
    ],
)
def test_a_scheme_refuses_what_it_cannot_mean(changes, message):
    layers = (LayerScheme(layer="fc", weight=INT8, act=UINT5),)
    with pytest.raises(DesignError, match=message):
        Scheme(**{"layers": layers, **changes})


def test_a_scheme_refuses_a_layer_named_twice():
    with pytest.raises(DesignError, match="names a layer twice: fc, fc"):
        Scheme.uniform(("fc", "fc"), INT8, INT8, UINT5)


def test_a_point_refuses_missing_foldings_and_unknown_dsp_use():
    with pytest.raises(DesignError, match="1 foldings for 3 layers"):
        a_point(foldings=(Folding(pe=1, simd=1),))
    with pytest.raises(DesignError, match="dsp 'all' is unknown; choose one of none, auto"):
        a_point(dsp="all")


DIGESTS = [sha256_of(number) for number in range(50)] + ["abcdefgh" + "0" * 56, "abcdefgh1" * 7]


def test_a_prefix_of_eight_characters_names_a_point():
    for digest in DIGESTS[:50]:
        assert find_by_prefix(digest[:8], DIGESTS) == digest
        assert find_by_prefix(digest[:8].upper(), DIGESTS) == digest
    assert find_by_prefix(DIGESTS[-1], DIGESTS) == DIGESTS[-1]


def test_a_prefix_that_is_short_unknown_or_ambiguous_is_refused():
    with pytest.raises(DesignError, match="too short"):
        find_by_prefix(DIGESTS[0][:7], DIGESTS)
    with pytest.raises(DesignError, match="no point's digest starts with 'zzzzzzzz'"):
        find_by_prefix("zzzzzzzz", DIGESTS)
    with pytest.raises(DesignError, match="names 2 points"):
        find_by_prefix("abcdefgh", DIGESTS)


TRAINING = QatSettings(epochs=3, peak_lr=0.1 + 0.2, seed=7)


def test_training_is_part_of_the_accuracy_key_and_of_no_cost():
    trained = a_point(training=TRAINING)
    assert trained.accuracy_key(ACCURACY) != a_point().accuracy_key(ACCURACY)
    other = a_point(training=replace(TRAINING, seed=8))
    assert trained.accuracy_key(ACCURACY) != other.accuracy_key(ACCURACY)
    assert trained.cost_key(COST) == a_point().cost_key(COST)


def test_the_golden_key_of_a_training_holds_its_version():
    """See `test_golden_keys_hold_the_versions`; the version here is QAT_VERSION."""
    assert QAT_VERSION == 2
    assert a_point(training=TRAINING).accuracy_key(ACCURACY) == GOLDEN_TRAINED_KEY


def test_a_trained_point_survives_json_and_older_points_are_not_trained():
    trained = a_point(training=TRAINING)
    assert DesignPoint.from_json(trained.to_json()) == trained
    plain = json.loads(a_point().to_json())
    del plain["training"]
    assert DesignPoint.from_json(json.dumps(plain)) == a_point()
    plain["training"] = {"epochs": 3, "speed": 1}
    with pytest.raises(DesignError, match="these are not settings of a training"):
        DesignPoint.from_json(json.dumps(plain))


def test_training_is_the_last_step_of_a_recipe():
    assert a_point(training=TRAINING).quantization.recipe_name == "qat"
    both = a_point(training=TRAINING, recipe=Recipe.parse("gptq+bias"))
    assert both.quantization.recipe_name == "gptq+bias+qat"
    assert a_point().quantization.recipe_name == "none"
