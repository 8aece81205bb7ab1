"""What a sampler is given, and what it is asked.

A sampler minimises two objectives, the validation error and the logarithm of the cost. Costs come
from the analytical model: a sampler may ask for as many as it likes. Errors come from quantizing
and classifying, so only they count as evaluations.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LISTED_AT_MOST = 200_000
"""Spaces of up to so many candidates are listed in full."""

MANY = 1024
"""Evaluations pending with a sampler that learns nothing from results."""

Candidate = tuple[int, ...]
"""The position of the chosen value of every choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision: a format of one layer or of several alike, or a recipe.

    Attributes:
        name: What is decided, e.g. ``"conv1 weights"``.
        values: Names of what can be chosen.
        noise: Power of the quantization error each value adds to the layers it decides, as a share
            of the signal's power (``10 ** (-SQNR / 10)``, added up over those layers); `None` for
            choices that add none of their own, such as recipes.
    """

    name: str
    values: tuple[str, ...]
    noise: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise DesignError(f"{self.name}: nothing to choose from")
        if self.noise is not None and len(self.noise) != len(self.values):
            raise DesignError(f"{self.name}: {len(self.noise)} errors of {len(self.values)} values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was learned of the same choices with another network.

    Attributes:
        candidates: What was evaluated, `(n, choices)`.
        drop_points: Its validation error above the float network's [points], `(n,)`.
        network: As `Problem.network`.
    """

    candidates: Ints
    drop_points: Floats
    network: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A space with all that is known of it before the first evaluation.

    Attributes:
        choices: What is decided.
        log2_cost: Costs candidates, `(n, choices)` to `(n,)`.
        float_error_pct: Validation error before quantization [%].
        n_val: Validation images behind each error.
        reference_error_pct: Reference point of the hypervolume [%].
        reference_log2_cost: The same, of the cost.
        network: Numbers that describe the network, for models that learn from several.
        earlier: Other networks' results.
    """

    choices: tuple[Choice, ...]
    log2_cost: Callable[[Ints], Floats]
    float_error_pct: float
    n_val: int
    reference_error_pct: float
    reference_log2_cost: float
    network: tuple[float, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def size(self) -> int:
        """Number of candidates."""
        return math.prod(len(choice.values) for choice in self.choices)

    @property
    def is_listed(self) -> bool:
        """Whether the candidates are few enough for `candidates`."""
        return self.size <= LISTED_AT_MOST

    def candidates(self) -> Ints:
        """Return every candidate, `(size, choices)`, the last choice varying fastest."""
        assert self.is_listed, "asked for only where is_listed"
        grid = np.indices([len(choice.values) for choice in self.choices])
        return grid.reshape(len(self.choices), -1).T.astype(np.int64)

    def random(self, rng: np.random.Generator, n: int) -> Ints:
        """Return `n` candidates drawn evenly, `(n, choices)`."""
        sizes = [len(choice.values) for choice in self.choices]
        return rng.integers(0, sizes, size=(n, len(sizes)))

    def noise(self, candidates: Ints) -> Floats:
        """Return the power of the error that each of `candidates` adds to its network, `(n,)`.

        Errors of weights, of activations and of layers are taken as small and independent, so that
        their shares of the signal's power add up.
        """
        total = np.zeros(len(candidates))
        for column, choice in enumerate(self.choices):
            if choice.noise is not None:
                total += np.asarray(choice.noise)[candidates[:, column]]
        return total


class Sampler(Protocol):
    """A search in progress."""

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return what to evaluate next, or `None` when there is nothing left to ask.

        It may be a candidate asked before: it is told again what is known, at no cost.

        Args:
            pending: What is being evaluated, or could not be.
        """

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn the validation error [%] of a candidate, asked for or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerKind:
    """A sampler as a plug-in.

    Attributes:
        summary: What it does, in a line.
        start: Begins a search of a problem; the seed decides all that is random in it.
        pending: Evaluations that it does well to have pending, the next included.
        pending_at_most: Evaluations it can have pending; 0: any number.
    """

    summary: str
    start: Callable[[Problem, int], Sampler]
    pending: int
    pending_at_most: int = 0


def as_candidate(row: Ints) -> Candidate:
    """Return a row of positions as a candidate."""
    return tuple(int(position) for position in row)
