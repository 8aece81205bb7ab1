"""What a study's rows say: points planned, costs, points that ended, and runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dse.point import AccuracyContext, CostContext, DesignPoint, joint_digest

TOTALS = ("lut", "ff", "dsp", "bram18")
"""Columns without numbers for a network that leaves a part to a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPoint:
    """A design point of the study with the keys of its two parts and of both."""

    digest: str
    accuracy_key: str
    cost_key: str
    point: DesignPoint

    @classmethod
    def of(cls, point: DesignPoint, accuracy: AccuracyContext, cost: CostContext) -> Self:
        """Return a point with its keys in a study of these contexts."""
        accuracy_key, cost_key = point.accuracy_key(accuracy), point.cost_key(cost)
        digest = joint_digest(accuracy_key, cost_key)
        return cls(digest=digest, accuracy_key=accuracy_key, cost_key=cost_key, point=point)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPoint:
    """A point that has no accuracy.

    Attributes:
        digest: Name of the point.
        weight_format: Of all but the edge layers; in a search of all.
        act_format: Of all activations but the network's input.
        recipe: Name of the recipe.
        reason: Why it has none, in words.
        n_val: Validation images seen.
        val_bound_pct: What its accuracy on all validation images does not exceed [%].
    """

    digest: str
    weight_format: str
    act_format: str
    recipe: str
    reason: str
    n_val: int
    val_bound_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a command on the study.

    Attributes:
        number: From 1.
        started: When it began.
        finished: When it had computed all it wanted; `None`: it has not, or was killed.
        n_known: Accuracies of which it found out what becomes of them.
        seconds: How long it took for that, by a clock that nobody can put back; 0 in studies made
            before it was noted [s].
        search: Its `Effort`, if it was a search.
    """

    number: int
    started: datetime
    finished: datetime | None
    n_known: int
    seconds: float
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """What the cost model says of one point; the units are in the names.

    Attributes:
        cost_key: Key of the row.
        lut: As SEMANTICS defines it for the device; `None`, as the other totals, for a network
            that leaves a part to a host.
        ff: Flip-flops.
        dsp: DSP blocks.
        bram18: Block RAMs of 18 Kibit.
        weight_kib: Weight memory [KiB].
        lut_per_mac: LUTs of one multiply-accumulate lane, averaged over the network.
        ii_cycles: Clock cycles from one image to the next.
        cost_source: How the numbers were found.
    """

    cost_key: str
    lut: int | None
    ff: int | None
    dsp: int | None
    bram18: int | None
    weight_kib: float
    lut_per_mac: float
    ii_cycles: int
    cost_source: str
