"""The design points of a per-layer search: every layer its own formats, all at one folding."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product

import numpy as np

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import DesignPoint, LayerScheme, Scheme
from dse.recipe import NONE
from dse.registry import nearest
from dse.search.costs import compared_costs, format_costs
from dse.search.decision import OPERANDS, Decision
from dse.search.header import Header
from dse.search.samplers import Candidate, Choice, Problem
from dse.search.samplers.base import Floats, Ints
from dse.search.space import Space
from dse.search.sqnr import KnowsSqnr, noise_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpace(Space):
    """Decisions over one network, which cover every operand but the network's input."""

    def __post_init__(self) -> None:
        names = [mvau.name for mvau in self.template.mvaus]
        wanted = set(product(names, OPERANDS)) - {(names[0], "acts")}
        decided = [
            (layer, decision.operand)
            for decision in self.settings.decisions
            for layer in decision.layers
        ]
        for layer, operand in decided:
            if layer not in names:
                raise DesignError(f"no layer '{layer}'{nearest(layer, names)}")
            if (layer, operand) == (names[0], "acts"):
                raise DesignError(f"the input of '{layer}' is the network's and has its format")
        for which in sorted(wanted | set(decided)):
            if (times := decided.count(which)) != 1:
                raise DesignError(
                    f"the {which[1]} of '{which[0]}' must be decided once, not {times} times"
                )

    def point(self, candidate: Candidate) -> DesignPoint:
        """Return the design point of a candidate."""
        settings = self.settings
        chosen: dict[tuple[str, str], Format] = {}
        for decision, position in zip(settings.decisions, candidate, strict=False):
            for layer in decision.layers:
                chosen[layer, decision.operand] = decision.formats[position]
        layers = tuple(
            LayerScheme(
                layer=mvau.name,
                weight=chosen[mvau.name, "weights"],
                act=self._act(mvau.name, chosen[mvau.name, "acts"]) if index else mvau.act,
            )
            for index, mvau in enumerate(self.template.mvaus)
        )
        scheme = Scheme(
            layers=layers,
            granularity=settings.granularity,
            scale=settings.scale,
            act_range=settings.act_range,
            weight_range=settings.weight_range,
        )
        recipe = settings.recipes[candidate[-1] if len(settings.recipes) > 1 else 0]
        return self.with_scheme(scheme, recipe)

    def candidate(self, point: DesignPoint) -> Candidate:
        """Return the candidate whose design point this is."""
        layers = {layer.layer: layer for layer in point.scheme.layers}
        positions = []
        for decision in self.settings.decisions:
            layer = decision.layers[0]
            chosen = layers[layer].weight if decision.operand == "weights" else layers[layer].act
            positions.append(list(self._operand(decision, layer)[2]).index(chosen))
        if len(self.settings.recipes) > 1:
            positions.append(self.settings.recipes.index(point.recipe))
        return tuple(positions)

    def int8_point(self) -> DesignPoint:
        """Return the point with int8 weights and activations, in the space or not."""
        int8 = parse_format("int8")
        first, *_ = self.template.mvaus
        names = [mvau.name for mvau in self.template.mvaus]
        return self.with_scheme(Scheme.uniform(names, int8, int8, first.act), NONE)

    def problem(self, header: Header, sqnr: KnowsSqnr) -> Problem:
        """Return what a sampler is told of the space."""
        choices = [
            Choice(
                name=decision.name,
                values=tuple(item.name for item in decision.formats),
                noise=noise_of(sqnr, [self._operand(decision, layer) for layer in decision.layers]),
            )
            for decision in self.settings.decisions
        ]
        if len(self.settings.recipes) > 1:
            recipes = tuple(recipe.name for recipe in self.settings.recipes)
            choices.append(Choice(name="recipe", values=recipes))
        return Problem(
            choices=tuple(choices),
            log2_lut=self.log2_lut,
            float_error_pct=100.0 - header.float_accuracy.val_top1_pct,
            n_val=header.float_accuracy.n_val,
            reference_error_pct=header.reference.error_pct,
            reference_log2_lut=header.reference.log2_lut,
        )

    def every_format(self) -> Ints:
        """Return candidates among which every format of every decision occurs."""
        sizes = [len(decision.formats) for decision in self.settings.decisions]
        recipes = [1] if len(self.settings.recipes) > 1 else []
        rows: Ints = np.arange(max(sizes))[:, None] % np.array([*sizes, *recipes])
        return rows

    def log2_lut(self, candidates: Ints) -> Floats:
        """Return the logarithms of the LUTs of candidates `(n, choices)`, `(n,)`."""
        mvaus, decisions = self.template.mvaus, self.settings.decisions
        columns = {
            (layer, decision.operand): (column, decision)
            for column, decision in enumerate(decisions)
            for layer in decision.layers
        }
        used = dict.fromkeys(
            [
                *chain.from_iterable(decision.formats for decision in decisions),
                *(item.unsigned() for decision in decisions for item in decision.formats),
                mvaus[0].act,
            ]
        )
        index = {number_format: position for position, number_format in enumerate(used)}
        formats = np.zeros((2, len(candidates), len(mvaus)), dtype=np.int64)
        formats[1, :, 0] = index[mvaus[0].act]
        for layer, mvau in enumerate(mvaus):
            for row, operand in enumerate(OPERANDS):
                if (mvau.name, operand) in columns:
                    column, decision = columns[mvau.name, operand]
                    names = self._operand(decision, mvau.name)[2]
                    positions = np.array([index[item] for item in names])
                    formats[row, :, layer] = positions[candidates[:, column]]
        table = format_costs(
            self.template,
            tuple(used),
            formats[0],
            formats[1],
            self.foldings,
            self.settings.device,
            self.settings.dsp,
        )
        return np.log2(compared_costs(table))

    def _operand(self, decision: Decision, layer: str) -> tuple[str, str, Sequence[Format]]:
        """Return layer, operand and the formats it can have there."""
        if decision.operand == "weights":
            return layer, decision.operand, decision.formats
        return layer, decision.operand, [self._act(layer, item) for item in decision.formats]

    def _act(self, layer: str, number_format: Format) -> Format:
        return number_format.unsigned() if layer in self.never_negative else number_format
