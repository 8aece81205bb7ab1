import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError, UnknownPluginError
from dse.quant.ptq import check_recipe
from dse.recipe import NONE, Recipe, parse_recipes

names = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True).filter(lambda name: name != "none")


@given(st.lists(names, max_size=4))
def test_names_and_json_read_back(methods):
    recipe = Recipe(tuple(methods))
    assert Recipe.parse(recipe.name) == recipe
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert json.loads(recipe.to_json()) == methods


def test_without_methods_it_is_none():
    assert (NONE.name, NONE.to_json(), Recipe.parse(" none ")) == ("none", "[]", NONE)


def test_a_list_of_recipes_has_each_once():
    recipes = parse_recipes("none, equalize+bias,gptq,none")
    assert [recipe.methods for recipe in recipes] == [(), ("equalize", "bias"), ("gptq",)]


@pytest.mark.parametrize("text", ["", "gptq+", "+", "none,,gptq"])
def test_a_missing_method_is_refused(text):
    with pytest.raises(DesignError, match="lacks a method"):
        parse_recipes(text)


def test_none_is_no_method():
    with pytest.raises(DesignError, match="so it is not 'none'"):
        Recipe.parse("none+gptq")


@pytest.mark.parametrize("text", ["{", "3", '["gptq", 3]', '{"methods": []}'])
def test_json_that_is_no_recipe_is_refused(text):
    with pytest.raises(DesignError, match="this is not a recipe"):
        Recipe.from_json(text)


@pytest.mark.parametrize(
    "name", ["none", "equalize+bias", "smoothquant+gptq", "equalize+smoothquant+gptq+bias"]
)
def test_recipes_in_order_are_taken(name):
    check_recipe(Recipe.parse(name))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "gptq+equalize",
            "gptq rounds the weights under those activations, and then equalize equalizes the "
            "float network's weights, which undoes it; write equalize+gptq",
        ),
        ("bias+gptq", "write gptq+bias"),
        ("bias+equalize+gptq", "write equalize+gptq+bias"),
        ("gptq+gptq", "gptq and gptq both do one thing"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_the_reason(name, message):
    with pytest.raises(DesignError) as error:
        check_recipe(Recipe.parse(name))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_method_is_answered_with_the_nearest():
    with pytest.raises(UnknownPluginError, match=r"called 'gtpq' \(did you mean 'gptq'\?\)"):
        check_recipe(Recipe.parse("equalize+gtpq"))
