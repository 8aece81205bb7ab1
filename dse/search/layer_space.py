"""The design points of a per-layer search: every layer its own formats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Self

import numpy as np

from dse.errors import DesignError
from dse.formats import Format, parse_format
from dse.point import DesignPoint, LayerScheme, Scheme
from dse.recipe import NONE
from dse.registry import nearest
from dse.search.cheapest import CheapestFoldings
from dse.search.constraint import ACCURACY, DROP, RESOURCES, budget_of, total_violation
from dse.search.costs import compared_costs, format_costs
from dse.search.decision import OPERANDS, Decision
from dse.search.fastest import FastestFoldings
from dse.search.header import Header
from dse.search.samplers import Candidate, Choice, Problem
from dse.search.samplers.base import Floats, Ints
from dse.search.settings import StudySettings
from dse.search.space import Space
from dse.search.sqnr import KnowsSqnr, noise_of
from hw_models.cost import PartialCostTable
from hw_models.folding import Folding, Shapes, fold_to_fps

_ENDLESS = 64.0
"""Logarithm of more LUTs, or cycles, than there are."""
_TIE = 2.0**-20
"""Of candidates with equal cycles those with fewer LUTs are a trace cheaper: cycles come in steps,
and LUTs show a sampler the way to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpace(Space):
    """Decisions over one network, which cover every operand but the network's input.

    Attributes:
        own: Gives each point its own folding; `None`: all have `foldings`.
    """

    own: CheapestFoldings | FastestFoldings | None = None

    @classmethod
    def of(cls, settings: StudySettings, template: Shapes, clock_mhz: float) -> Self:
        """Return the space that `settings` describe.

        Args:
            settings: Decisions, frame rate, how layers are folded, and constraints.
            template: The network's layer shapes.
            clock_mhz: Clock that the frame rate is reached at [MHz].

        Raises:
            DesignError: A decision is missing or made twice, or the network is no chain.
            FoldingError: No folding reaches the frame rate.
        """
        space = cls(settings=settings, template=template, foldings=())
        if settings.folding == "fixed":
            return replace(space, foldings=fold_to_fps(template, settings.fps, clock_mhz))
        space = replace(space, own=space._own_foldings(clock_mhz))
        return replace(space, foldings=space.int8_point().foldings)

    def _own_foldings(self, clock_mhz: float) -> CheapestFoldings | FastestFoldings:
        settings, template = self.settings, self.template
        budget = budget_of(settings.constraints, settings.board)
        if settings.folding == "fastest":
            return FastestFoldings.of(
                template, self.formats, budget, settings.device, settings.dsp, clock_mhz
            )
        fold_to_fps(template, settings.fps, clock_mhz)  # a rate out of reach ends here
        return CheapestFoldings.of(
            template,
            self.formats,
            math.floor(clock_mhz * 1e6 / settings.fps),
            budget,
            settings.device,
            settings.dsp,
        )

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

    @property
    def formats(self) -> tuple[Format, ...]:
        """Every format that a point of the space, or its int8 point, can have."""
        swept = list(chain.from_iterable(item.formats for item in self.settings.decisions))
        unsigned = [item.unsigned() for item in swept]
        return tuple(
            dict.fromkeys([*swept, *unsigned, parse_format("int8"), self.template.mvaus[0].act])
        )

    def foldings_of(self, scheme: Scheme) -> tuple[Folding, ...]:
        """Return the folding of each layer at the point of a scheme."""
        return self.foldings if self.own is None else self.own.of_scheme(scheme)

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
            log2_cost=self.log2_cost,
            float_error_pct=100.0 - header.float_accuracy.val_top1_pct,
            n_val=header.float_accuracy.n_val,
            reference_error_pct=self._most_error_pct(header),
            reference_log2_cost=header.reference.log2_cost,
        )

    def every_format(self) -> Ints:
        """Return candidates among which every format of every decision occurs."""
        sizes = [len(decision.formats) for decision in self.settings.decisions]
        recipes = [1] if len(self.settings.recipes) > 1 else []
        rows: Ints = np.arange(max(sizes))[:, None] % np.array([*sizes, *recipes])
        return rows

    def log2_cost(self, candidates: Ints) -> Floats:
        """Return the logarithms of what candidates `(n, choices)` cost, `(n,)`.

        What breaks a constraint, as far as costs tell, is made worse than any that breaks none.
        """
        compared, columns = self._costs(candidates)
        settings = self.settings
        log2_cost: Floats = np.log2(compared)
        if settings.folding == "fastest":
            log2_cost = log2_cost + _TIE * np.log2(columns["lut"])
        broken = total_violation(settings.constraints, columns, settings.board, len(candidates))
        return np.where(broken > 0.0, _ENDLESS + broken, log2_cost)

    def _costs(self, candidates: Ints) -> tuple[Floats, dict[str, Floats]]:
        """Return what candidates are compared by, and what they take by column, each `(n,)`."""
        mvaus, decisions = self.template.mvaus, self.settings.decisions
        columns = {
            (layer, decision.operand): (column, decision)
            for column, decision in enumerate(decisions)
            for layer in decision.layers
        }
        used = self.formats
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
        if self.own is not None:
            found = self.own.costs(formats[0], formats[1])
            taken = {name: column.astype(np.float64) for name, column in found.items()}
            return taken[self.cost_column], taken
        table = format_costs(
            self.template,
            used,
            formats[0],
            formats[1],
            self.foldings,
            self.settings.device,
            self.settings.dsp,
        )
        totals = (
            {}
            if isinstance(table, PartialCostTable)
            else {name: np.asarray(getattr(table, name), dtype=np.float64) for name in RESOURCES}
        )
        return compared_costs(table, self.cost_column), totals

    def _most_error_pct(self, header: Header) -> float:
        """Return the greatest validation error that is of any use [%]."""
        allowed = [header.reference.error_pct]
        for constraint in self.settings.constraints:
            limit = constraint.limit(self.settings.board)
            if constraint.column == DROP and constraint.is_upper:
                allowed.append(100.0 - header.float_accuracy.val_top1_pct + limit)
            if constraint.column == ACCURACY and not constraint.is_upper:
                allowed.append(100.0 - limit)
        return min(allowed)

    def _operand(self, decision: Decision, layer: str) -> tuple[str, str, Sequence[Format]]:
        """Return layer, operand and the formats it can have there."""
        if decision.operand == "weights":
            return layer, decision.operand, decision.formats
        return layer, decision.operand, [self._act(layer, item) for item in decision.formats]

    def _act(self, layer: str, number_format: Format) -> Format:
        return number_format.unsigned() if layer in self.never_negative else number_format
