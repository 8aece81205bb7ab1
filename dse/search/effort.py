"""How a space is searched."""

import json
from dataclasses import dataclass

from dse.errors import DesignError
from dse.search.samplers import SAMPLERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How a space is searched; other efforts may go on in the same folder.

    Attributes:
        sampler: Name of the sampler.
        trials: Evaluations in the folder when the search ends.
        seed: Decides all that is random in the sampler.
        pending: Evaluations whose results a candidate does not wait for, itself included: so many
            workers can be busy, and what is asked does not depend on how many are. 0: as many as
            suit the sampler.
    """

    sampler: str
    trials: int
    seed: int
    pending: int = 0

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise DesignError(f"--trials is {self.trials}; give at least 1 evaluation")
        if self.pending < 0:
            raise DesignError(f"--pending is {self.pending}; give at least 1 evaluation")
        most = SAMPLERS[self.sampler].pending_at_most
        if most and self.pending > most:
            raise DesignError(
                f"--pending is {self.pending}, but sampler '{self.sampler}' needs every result "
                f"before it can go on: give {most}"
            )

    @property
    def window(self) -> int:
        """`pending`, or what suits the sampler."""
        return self.pending or SAMPLERS[self.sampler].pending

    def to_json(self, begun: int) -> str:
        """Return the effort as text, for the run that makes it.

        Args:
            begun: Points that were there when the first run of this effort began.
        """
        plain = {"sampler": self.sampler, "seed": self.seed, "pending": self.window}
        return json.dumps(plain | {"trials": self.trials, "begun": begun})

    def begun_in(self, text: str) -> int | None:
        """Return `begun` of a run that made the same effort, up to its trials; else `None`."""
        if not text:
            return None
        plain = json.loads(text)
        same = (plain["sampler"], plain["seed"], plain["pending"])
        return int(plain["begun"]) if same == (self.sampler, self.seed, self.window) else None


def trials_in(text: str) -> int | None:
    """Return the evaluations a run wanted; `None` if it was no search."""
    return int(json.loads(text)["trials"]) if text else None
