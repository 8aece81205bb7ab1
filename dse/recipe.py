"""Post-training recipes by name: which methods bring a network to its formats, in which order."""

import json
from dataclasses import dataclass
from typing import Self

from dse.errors import DesignError

_NAME_OF_NONE = "none"
_JOINT = "+"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An ordered list of post-training methods.

    Its name joins theirs, as in ``equalize+gptq``; without methods it is ``none``: scales are
    searched and weights are rounded to nearest. Whether the methods exist and make sense in this
    order is for `dse.quant.ptq.check_recipe` to say.

    Attributes:
        methods: Names of the methods, first to last.
    """

    methods: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name, from which `parse` makes the recipe again."""
        return _JOINT.join(self.methods) or _NAME_OF_NONE

    def followed_by(self, step: str) -> str:
        """Return the name of the recipe and one more step, ``qat`` or ``gptq+qat``."""
        return _JOINT.join((*self.methods, step))

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the recipe called `name`.

        Raises:
            DesignError: There is nothing between two plus signs, or ``none`` is among others.
        """
        text = name.strip()
        if text == _NAME_OF_NONE:
            return cls()
        methods = tuple(part.strip() for part in text.split(_JOINT))
        if not all(methods):
            raise DesignError(f"recipe '{name}' lacks a method; write 'none' or 'equalize+gptq'")
        if _NAME_OF_NONE in methods:
            raise DesignError(f"recipe '{name}' has methods, so it is not 'none'; leave that out")
        return cls(methods)

    def to_json(self) -> str:
        """Return the methods as a JSON list, in order."""
        return json.dumps(self.methods)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the recipe `to_json` wrote.

        Raises:
            DesignError: The text is not such JSON.
        """
        try:
            methods = json.loads(text)
        except ValueError as error:
            raise DesignError(f"this is not a recipe: {error}") from error
        if not isinstance(methods, list) or not all(isinstance(item, str) for item in methods):
            raise DesignError("this is not a recipe: a list of methods' names was expected")
        return cls.parse(_JOINT.join(methods)) if methods else cls()


NONE = Recipe()
"""Plain calibration."""


def parse_recipes(text: str) -> tuple[Recipe, ...]:
    """Return the recipes in a comma-separated list, without repetitions.

    Raises:
        DesignError: A name is not a recipe's.
    """
    return tuple(dict.fromkeys(Recipe.parse(name) for name in text.split(",")))
