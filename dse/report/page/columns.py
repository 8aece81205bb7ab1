"""The columns of a page: what they are called, and where each number comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dse.formats import parse_format
from dse.intervals import wilson
from dse.point import MIXED
from dse.report.page.encode import encode_numbers, encode_words
from dse.search.header import Header
from dse.search.rows import TOTALS
from dse.selection import FAMILIES, FAMILY_NAMES, chosen_by, families, is_maximised

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What a column is called.

    Attributes:
        label: Its name, with the unit in brackets.
        digits: Behind the point.
        is_cost: Whether the cost model made it.
    """

    label: str
    digits: int = 0
    is_cost: bool = False


_NUMBERS = {
    "val_top1_pct": _Words(label="validation top-1 [%]", digits=2),
    "test_top1_pct": _Words(label="test top-1 [%]", digits=2),
    "lut": _Words(label="LUT", is_cost=True),
    "ff": _Words(label="FF", is_cost=True),
    "dsp": _Words(label="DSP blocks", is_cost=True),
    "bram18": _Words(label="block RAM", is_cost=True),
    "lut_per_mac": _Words(label="LUT per MAC", digits=1, is_cost=True),
    "weight_kib": _Words(label="weights [KiB]", digits=1),
    "ii_cycles": _Words(label="II [cycles]", is_cost=True),
    "fps": _Words(label="frames a second", is_cost=True),
    "violation": _Words(label="over the constraints", digits=3),
    "weight_bits": _Words(label="weight width [bit]"),
    "act_bits": _Words(label="activation width [bit]"),
    "changed_weights_pct": _Words(label="changed weights [%]", digits=1),
}
_COUNTED = {
    "weight_kib": "counted: the bits of all weights",
    "weight_bits": "of the widest weight format; in a sweep edge layers do not count",
    "act_bits": "of the widest activation format",
    "violation": "counted: the shares by which it is over the constraints' bounds, in all",
    "changed_weights_pct": "counted: weights whose code the recipe changed",
}
_TRIALS = {"val_top1_pct": "n_val", "test_top1_pct": "n_test"}
"""Number of images behind each accuracy."""


def columns(rows: "pd.DataFrame", header: Header) -> Iterator[dict[str, Any]]:
    """Yield the columns of evaluations; totals that a network does not have are left out."""
    yield {**_category("family", "family", families(rows), FAMILIES), "names": FAMILY_NAMES}
    for name, label in (("weight_format", "weights"), ("act_format", "activations")):
        yield _category(name, label, rows[name], by_width(set(rows[name])))
    yield _category("recipe", "recipe", rows["recipe"], list(dict.fromkeys(rows["recipe"])))
    for name, words in _NUMBERS.items():
        if name not in rows or (header.partial is not None and name in TOTALS):
            continue
        accuracy = name in _TRIALS
        yield {
            "name": name,
            "label": words.label,
            "digits": words.digits,
            "is_cost": words.is_cost,
            "is_maximised": is_maximised(name),
            "chosen_by": chosen_by(name),
            "source": _cost_source(rows, header) if words.is_cost else _COUNTED.get(name, ""),
            **(_accuracies(rows, name) if accuracy else encode_numbers(rows[name])),
        }


def by_width(names: set[str]) -> list[str]:
    """Return names of formats, the narrowest first and integers before minifloats."""

    def key(name: str) -> tuple[int, str, str]:
        if name == MIXED:
            return (99, "", name)
        number_format = parse_format(name)
        return (number_format.bits, number_format.family, name)

    return sorted(names, key=key)


def _category(name: str, label: str, words: "pd.Series[str]", order: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "label": label, "is_category": True, **encode_words(words, order)}


def _accuracies(rows: "pd.DataFrame", name: str) -> dict[str, Any]:
    """Return a measured column: with each value its 95 % interval, and on how many images."""
    column = encode_numbers(rows[name])
    n = int(rows[_TRIALS[name]].iloc[0])  # a study shows all of its points the same images
    found = [wilson(round(top1 * n / 100), n) for top1 in column["values"]]
    kind, use = (
        ("validation", "the front is chosen by it")
        if name == "val_top1_pct"
        else ("test", "it chooses nothing")
    )
    return {
        "ends": {
            "low": [round(interval.low_pct, 3) for interval in found],
            "high": [round(interval.high_pct, 3) for interval in found],
        },
        "source": f"measured on {n} {kind} images, 95 % interval (Wilson); {use}",
        **column,
    }


def _cost_source(rows: "pd.DataFrame", header: Header) -> str:
    kinds = ", ".join(rows["cost_source"].unique())
    return (
        f"estimated by the cost model ({kinds}, version {header.cost.version}) for "
        f"{header.settings.device} at {header.clock_mhz:g} MHz"
    )
