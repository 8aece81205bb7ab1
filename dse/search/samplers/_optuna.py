"""Optuna's samplers behind `ask` and `tell`."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import optuna

from dse.search.samplers.base import Candidate, Problem

MakeSampler = Callable[[int], optuna.samplers.BaseSampler]


class OptunaSearch:
    """A study of Optuna's with two objectives and one categorical parameter a choice."""

    def __init__(self, problem: Problem, make: MakeSampler, seed: int) -> None:
        """Begin.

        Args:
            problem: The space.
            make: Makes the sampler from a seed.
            seed: Decides all that is random.
        """
        self._problem = problem
        self._distributions: dict[str, optuna.distributions.BaseDistribution] = {
            choice.name: optuna.distributions.CategoricalDistribution(range(len(choice.values)))
            for choice in problem.choices
        }
        optuna.logging.disable_default_handler()  # it would tell of every trial
        with warnings.catch_warnings():
            # options that Optuna may still rename; its version is pinned
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = make(seed)
        self._study = optuna.create_study(directions=("minimize", "minimize"), sampler=sampler)
        self._asked: dict[Candidate, optuna.trial.Trial] = {}

    def ask(self, pending: Sequence[Candidate] = ()) -> Candidate | None:
        """Return the next candidate; Optuna knows which trials are running."""
        trial = self._study.ask(self._distributions)
        candidate = tuple(int(trial.params[choice.name]) for choice in self._problem.choices)
        self._asked[candidate] = trial
        return candidate

    def tell(self, candidate: Candidate, error_pct: float) -> None:
        """Learn an error; the cost is looked up."""
        cost = float(self._problem.log2_cost(np.array([candidate]))[0])
        trial = self._asked.pop(candidate, None)
        if trial is not None:
            self._study.tell(trial, (error_pct, cost))
            return
        params = {
            choice.name: position
            for choice, position in zip(self._problem.choices, candidate, strict=True)
        }
        self._study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=self._distributions, values=[error_pct, cost]
            )
        )
