"""A study of very many points, made at once: real formats and costs, accuracies drawn."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dse.formats import default_sweep, parse_sweep
from dse.point import MIXED
from dse.search.costs import cost_rows, format_costs
from dse.search.decision import OPERANDS, Decision
from dse.search.store import Store
from hw_models.cost import CostTable
from hw_models.folding import Folding
from hw_models.graph import Accelerator
from tests.dse.conftest import (
    SyntheticFactory,
    SyntheticSource,
    chain_of,
    make_study,
    synthetic_settings,
)
from tests.dse.search.edited import edited

LAYERS = {"fc1": (784, 128), "fc2": (128, 96), "fc3": (96, 96), "fc4": (96, 64), "fc5": (64, 10)}
N_VAL, N_TEST = 5000, 10000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepFactory(SyntheticFactory):
    """Makes a network of five layers."""

    def template(self) -> Accelerator:
        return chain_of(LAYERS)

    def __call__(self, *_: object) -> SyntheticSource:
        return SyntheticSource(layers=tuple(LAYERS), never_negative=frozenset())


def make_many(folder: Path, count: int, *, seed: int = 0) -> Path:
    """Write a study of `count` points with formats of their own in every layer."""
    small, names = parse_sweep("int4"), tuple(LAYERS)
    decisions = tuple(
        Decision(layers=(name,), operand=operand, formats=small)
        for name in names
        for operand in OPERANDS
        if (name, operand) != (names[0], "acts")
    )
    settings = synthetic_settings(weights=small, acts=small, decisions=decisions)
    make_study(folder, settings, DeepFactory())
    formats = default_sweep()
    rng = np.random.default_rng(seed)
    weights, acts = rng.integers(len(formats), size=(2, count, len(LAYERS)))
    acts[:, 0] = [item.name for item in formats].index("int8")
    with Store.open_readonly(folder) as store:
        header = store.header
    foldings = [Folding(pe=pe, simd=simd) for pe, simd in header.foldings]
    assert header.shapes is not None
    table = format_costs(header.shapes, formats, weights, acts, foldings, "xcup", "none")
    assert isinstance(table, CostTable)
    with edited(folder) as database:
        for name in ("points", "accuracy", "cost"):
            database.execute(f"DELETE FROM {name}")
        _insert(database, "points", _points(formats, weights, acts, foldings))
        _insert(database, "accuracy", _accuracies(formats, weights, acts, rng))
        keys = [_key("cost", row) for row in range(count)]
        costs = cost_rows(table, keys)
        names = ("cost_key", "lut", "ff", "dsp", "bram18", "weight_kib", "lut_per_mac", "ii_cycles")
        rows = [(*(getattr(cost, name) for name in names), cost.cost_source) for cost in costs]
        _insert(database, "cost", rows)
    return folder


def _insert(database, table, rows):
    places = ",".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table} VALUES ({places}, NULL)", rows)


def _key(kind, row):
    return hashlib.sha256(f"{kind} {row}".encode()).hexdigest()


def _points(formats, weights, acts, foldings):
    names = [item.name for item in formats]
    bits = np.array([item.bits for item in formats])
    families = np.array([item.family for item in formats])
    rest = {
        "device": "xcup",
        "dsp": "none",
        "foldings": [folding.to_json() for folding in foldings],
        "recipe": "none",
        "training": None,
    }
    how = {"act_range": "mse", "granularity": "per_channel", "scale": "float32"}

    def family(chosen):
        found = set(families[chosen])
        return found.pop() if len(found) == 1 else MIXED

    rows = []
    for row, (weight, act) in enumerate(zip(weights, acts, strict=True)):
        layers = [
            {"layer": layer, "weight": names[w], "act": names[a]}
            for layer, w, a in zip(LAYERS, weight, act, strict=True)
        ]
        point = {**rest, "scheme": {**how, "layers": layers, "weight_range": "mse"}}
        rows.append(
            (
                row,
                _key("point", row),
                _key("accuracy", row),
                _key("cost", row),
                MIXED,
                MIXED,
                int(bits[weight[1:-1]].max()),
                int(bits[act[1:]].max()),
                family(weight[1:-1]),
                family(act[1:]),
                "none" if row % 3 else "gptq",
                1,
                json.dumps(point),
            )
        )
    return rows


def _accuracies(formats, weights, acts, rng):
    bits = np.array([item.bits for item in formats])
    loss = (0.5 ** bits[weights] + 0.7 * 0.5 ** bits[acts]).sum(axis=1)
    skill = np.clip(0.93 - 0.9 * loss**1.3, 0.1, 1)
    correct = [rng.binomial(n, skill) for n in (N_VAL, N_TEST)]
    tests = bytes(N_TEST // 8)
    return [
        (
            _key("accuracy", row),
            100 * v / N_VAL,
            N_VAL,
            100 * t / N_TEST,
            N_TEST,
            tests,
            0.1,
            1,
            0.0,
        )
        for row, (v, t) in enumerate(np.transpose(correct).tolist())
    ]
