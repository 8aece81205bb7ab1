"""Post-training methods by name, one file each, and recipes made of them."""

from itertools import pairwise

from dse.errors import DesignError
from dse.quant.ptq.base import FloatMethod, Method, QuantizedMethod, Stage
from dse.recipe import Recipe
from dse.registry import Registry

METHODS: Registry[Method] = Registry("dse.quant.ptq", "METHOD", Method, "post-training method")

__all__ = ["METHODS", "FloatMethod", "Method", "QuantizedMethod", "Stage", "check_recipe"]


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe with unknown methods, or with methods in an order that makes no sense.

    Raises:
        UnknownPluginError: Names the nearest method.
        DesignError: Says why, and which order would do.
    """
    stages = {name: METHODS[name].stage for name in recipe.methods}
    for name, after in pairwise(recipe.methods):
        first, second = stages[name], stages[after]
        if first == second:
            raise DesignError(
                f"recipe '{recipe.name}': {name} and {after} both do one thing ({first.purpose}); "
                "choose one"
            )
        if first > second:
            ordered = "+".join(sorted(recipe.methods, key=stages.__getitem__))
            raise DesignError(
                f"recipe '{recipe.name}': {name} {first.purpose}, and then {after} "
                f"{second.purpose}, which undoes it; write {ordered}"
            )
