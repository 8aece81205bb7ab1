"""The folding of each candidate of a search: of those fast enough the one with the fewest LUTs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeGuard

import numpy as np

from dse.errors import DesignError
from dse.formats import Format
from dse.point import Dsp, Scheme
from dse.search.samplers.base import Ints
from hw_models.cost.best_folding import cheapest_folding
from hw_models.cost.chain import NUMBERS, Chain, foldings_within, is_chain
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Shapes, fold
from hw_models.graph import Accelerator
from hw_models.resources import Resources

_LANES_AT_MOST = 2
"""Foldings with more lanes than so many times the fewest are not looked at: lanes cost more than
converters and requantizers save. The integer program, which sees all, finds nothing better
(``tests/dse/search/test_cheapest.py``)."""


def is_foldable(template: Shapes) -> TypeGuard[Accelerator]:
    """Return whether the best folding of a network can be found, not only a good one."""
    return isinstance(template, Accelerator) and is_chain(template)


def looked_at(template: Accelerator, ii_cycles: int) -> list[list[Folding]]:
    """Return the foldings of each layer among which the cheapest of an II is sought.

    Raises:
        FoldingError: A layer is too slow even when fully unrolled.
    """
    fewest = [folding.lanes for folding in fold(template, ii_cycles)]
    return [
        [folding for folding in layer if folding.lanes <= _LANES_AT_MOST * lanes]
        for layer, lanes in zip(foldings_within(template, ii_cycles), fewest, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestFoldings:
    """Foldings of one network in any formats, at one frame rate.

    Attributes:
        template: Its shapes.
        formats: Formats it may have.
        chain: What its layers take at every folding that is looked at.
        ii_cycles: Cycles a frame may take.
        budget: The most it may take.
        device: FPGA family.
        dsp: Use of DSP blocks.
    """

    template: Accelerator
    formats: tuple[Format, ...]
    chain: Chain
    ii_cycles: int
    budget: Resources
    device: str
    dsp: Dsp

    @classmethod
    def of(
        cls,
        template: Shapes,
        formats: Sequence[Format],
        ii_cycles: int,
        budget: Resources,
        device: str,
        dsp: Dsp,
    ) -> Self:
        """Begin; see the attributes.

        Raises:
            DesignError: The network has no best folding that can be found.
            FoldingError: A layer is too slow even when fully unrolled.
        """
        if not is_foldable(template):
            raise DesignError(
                "the cheapest folding is found of chains that hardware computes as a whole, not of "
                'networks with additions or host functions: give folding = "fixed"'
            )
        return cls(
            template=template,
            formats=tuple(formats),
            chain=Chain(
                template, formats, looked_at(template, ii_cycles), load_target(device, dsp)
            ),
            ii_cycles=ii_cycles,
            budget=budget,
            device=device,
            dsp=dsp,
        )

    def costs(self, weights: Ints, acts: Ints) -> dict[str, Ints]:
        """Return what assignments of `formats`, by index `(n, layers)`, take, each `(n,)`."""
        found, _ = self.chain.cheapest(weights, acts)
        return dict(zip(NUMBERS, found.T, strict=True))

    def of_scheme(self, scheme: Scheme) -> tuple[Folding, ...]:
        """Return the cheapest folding within the budget; if none is, the cheapest of all."""
        layers = scheme.layers
        index = {number_format: position for position, number_format in enumerate(self.formats)}
        costs, (options,) = self.chain.cheapest(
            np.array([[index[layer.weight] for layer in layers]]),
            np.array([[index[layer.act] for layer in layers]]),
        )
        taken = Resources(**dict(zip(NUMBERS, costs[0].tolist(), strict=True)))
        if taken.share_of(self.budget) > 1.0:
            formatted = self.template.with_formats(
                [layer.weight for layer in layers], [layer.act for layer in layers]
            )
            within = cheapest_folding(formatted, self.ii_cycles, self.budget, self.device, self.dsp)
            if within is not None:
                return within
        return tuple(self.chain.options[layer][option] for layer, option in enumerate(options))
