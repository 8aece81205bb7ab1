"""Exhaustive proof of arithmetic cells: every pair of operands, against Python integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, mul

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.arith.cell import Dot, Mac
from hw_models.synth.netlist import GateSimulator, Module, Planes

_CHUNK = 1 << 16
"""Tuples of operands that are computed at once."""
_MOST_TUPLES = 1 << 20
_ACC_BYTES = 16
"""Random accumulators have this many bytes: more than any cell's."""


def planes(values: Sequence[int], bits: int) -> Planes:
    """Return two's complement `values` as bit planes, padded to whole words."""
    mask = (1 << bits) - 1
    row_bytes = -(-bits // 8)
    raw = b"".join((value & mask).to_bytes(row_bytes, "little") for value in values)
    table = np.frombuffer(raw, np.uint8).reshape(-1, row_bytes)
    unpacked = np.unpackbits(table, axis=1, bitorder="little")[:, :bits].T
    padded = np.pad(unpacked, ((0, 0), (0, -len(values) % 64)))
    packed = np.packbits(padded, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view(np.uint64)


def _integers(number_format: Format) -> tuple[list[int], list[int]]:
    """Return the finite codes of a format and their values in units of its lsb."""
    values = number_format.code_values()
    codes = np.flatnonzero(np.isfinite(values))
    return codes.tolist(), [int(v) for v in values[codes] / number_format.lsb]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Vectors:
    """All operand pairs of a cell, a random accumulator for each, and what must come out."""

    a: Planes
    w: Planes
    acc: Planes
    loaded: Planes
    added: Planes
    count: int


def _vectors(mac: Mac, seed: int) -> _Vectors:
    """Return all operand pairs of `mac`."""
    a_codes, a_values = _integers(mac.act)
    w_codes, w_values = _integers(mac.weight.narrow())
    bits = mac.accumulator_bits
    products = [a * w for a in a_values for w in w_values]
    rng = np.random.default_rng(seed)
    before = [
        int.from_bytes(chunk.tobytes(), "little")
        for chunk in rng.integers(0, 256, (len(products), _ACC_BYTES), np.uint8)
    ]
    sums = [x + y for x, y in zip(before, products, strict=True)]
    return _Vectors(
        a=planes([code for code in a_codes for _ in w_codes], mac.act.bits),
        w=planes(w_codes * len(a_codes), mac.weight.bits),
        acc=planes(before, bits),
        loaded=planes(products, bits),
        added=planes(sums, bits),
        count=len(products),
    )


def mismatches(module: Module, mac: Mac, seed: int = 0) -> int:
    """Return how many operand pairs a module of gates of `mac` gets wrong.

    Every pair of codes is loaded (clr), added to a random accumulator, and held back (no en).

    Args:
        module: What `flow.gates_job` or `flow.netlist_gates_job` leaves.
        mac: The cell it should be.
        seed: Of the accumulators.
    """
    given = _vectors(mac, seed)
    simulator = GateSimulator(module)
    ones = np.full((1, given.a.shape[1]), ~np.uint64(0))
    wrong = np.zeros(given.a.shape[1], np.uint64)
    for clr, en, expected in (
        (ones, ones, given.loaded),
        (~ones, ones, given.added),
        (ones, ~ones, given.acc),
    ):
        inputs = {"a": given.a, "w": given.w, "clr": clr, "en": en}
        after = simulator.clock(inputs, simulator.registered({"acc": given.acc}))
        wrong |= np.bitwise_or.reduce(simulator.output("acc", after) ^ expected, axis=0)
    bits = np.unpackbits(wrong.view(np.uint8), bitorder="little")
    return int(bits[: given.count].sum())


def dot_mismatches(
    module: Module, dot: Dot, beats: int, seed: int, streams: int = 128, pe: int = 1
) -> int:
    """Return how many of `streams` random streams a module of gates of `dot` gets wrong.

    Every other stream holds extreme products only, which reach the ends of the accumulator. Some
    beats are disabled, and a sum starts anew when it has had all its terms.

    Args:
        module: What `flow.gates_job` leaves.
        dot: The dot product it should be.
        beats: Clock cycles.
        seed: Of the streams.
        streams: Independent streams, compared in every cycle.
        pe: How many such dot products of the same activations it should be.
    """
    rng = np.random.default_rng(seed)
    simulator = GateSimulator(module)
    state: dict[str, Planes] = {}
    sums = [[0] * pe] * streams
    expected: list[list[list[int]]] = []
    beats_in_sum = 0
    wrong = np.zeros(-(-streams // 64), np.uint64)
    ones = np.full((1, len(wrong)), ~np.uint64(0))
    for beat in range(beats):
        a_words, a_values = _lanes(dot.act, dot.lanes, streams, rng)
        w_words, w_values = _lanes(dot.weight.narrow(), dot.lanes * pe, streams, rng)
        enabled = beat == 0 or rng.random() < 0.8
        starts = beat == 0 or (beats_in_sum + 1) * dot.lanes > dot.terms
        inputs = {
            "a": planes(a_words, dot.lanes * dot.act.bits),
            "w": planes(w_words, pe * dot.lanes * dot.weight.bits),
            "clr": ones if starts else ~ones,
            "en": ones if enabled else ~ones,
        }
        if enabled:
            beats_in_sum = 1 if starts else beats_in_sum + 1
            terms = [
                [sum(map(mul, x, y[i * dot.lanes :])) for i in range(pe)]
                for x, y in zip(a_values, w_values, strict=True)
            ]
            sums = terms if starts else [list(map(add, *z)) for z in zip(sums, terms, strict=True)]
        expected.append(sums)
        state = simulator.clock(inputs, state)
        if beat + 1 >= dot.latency_cycles:
            truth = _side_by_side(expected[beat + 1 - dot.latency_cycles], dot.accumulator_bits)
            wrong |= np.bitwise_or.reduce(simulator.output("acc", state) ^ truth, axis=0)
    return int(np.unpackbits(wrong.view(np.uint8), bitorder="little")[:streams].sum())


def shared_mismatches(module: Module, dot: Dot, pe: int) -> int:
    """Return how many tuples of operands a module of gates of `pe` dot products gets wrong.

    Every tuple of an activation and `pe` weights is loaded, if there are at most 2^20; else every
    pair of the activation and one weight beside all extremes of the other weights, and their codes
    next to 0.

    Args:
        module: What `flow.gates_job` or `flow.netlist_gates_job` leaves.
        dot: Each of them: one lane, no pipeline.
        pe: How many.
    """
    a_codes, a_values = _integers(dot.act)
    w_codes, w_values = _integers(dot.weight.narrow())
    weight_sets = _weight_sets(w_values, len(a_values), pe)
    a = np.repeat(np.arange(len(a_values)), len(weight_sets))
    w = np.tile(weight_sets, (len(a_values), 1))
    words = np.zeros(len(a), np.int64)
    for i in range(pe):
        words |= np.asarray(w_codes)[w[:, i]] << (i * dot.weight.bits)
    products = [
        np.asarray(a_values, object)[a] * np.asarray(w_values, object)[w[:, i]] for i in range(pe)
    ]
    simulator, wrong = GateSimulator(module), 0
    for start in range(0, len(a), _CHUNK):
        part = slice(start, start + _CHUNK)
        inputs = {
            "a": planes([a_codes[k] for k in a[part]], dot.act.bits),
            "w": planes(words[part].tolist(), pe * dot.weight.bits),
        }
        ones = np.full((1, inputs["a"].shape[1]), ~np.uint64(0))
        state = simulator.clock({**inputs, "clr": ones, "en": ones}, {})
        truth = _side_by_side(
            list(zip(*(p[part] for p in products), strict=True)), dot.accumulator_bits
        )
        bad = np.bitwise_or.reduce(simulator.output("acc", state) ^ truth, axis=0)
        count = len(a[part])
        wrong += int(np.unpackbits(bad.view(np.uint8), bitorder="little")[:count].sum())
    return wrong


def _weight_sets(values: list[int], acts: int, pe: int) -> NDArray[np.int64]:
    """Return which weights stand side by side, as positions in `values`: `(sets, pe)`."""
    if acts * len(values) ** pe <= _MOST_TUPLES:
        grids = np.meshgrid(*[np.arange(len(values))] * pe, indexing="ij")
        return np.stack([grid.ravel() for grid in grids], axis=1)
    order = np.argsort(values)
    zero = int(np.flatnonzero(np.asarray(values)[order] == 0)[0])
    edges = sorted({int(order[k]) for k in (0, max(zero - 1, 0), zero, zero + 1, len(values) - 1)})
    sets = []
    for place in range(pe):
        for value in range(len(values)):
            for others in edges:
                row = [others] * pe
                row[place] = value
                sets.append(row)
    return np.unique(np.asarray(sets), axis=0)


def _side_by_side(rows: Sequence[Sequence[int]], bits: int) -> Planes:
    """Return two's complement integers as bit planes, those of a row side by side."""
    return np.concatenate([planes(column, bits) for column in zip(*rows, strict=True)])


def _lanes(
    number_format: Format, lanes: int, streams: int, rng: np.random.Generator
) -> tuple[list[int], list[list[int]]]:
    """Return `lanes` operands for each stream: their codes side by side, and their integers.

    Odd streams take one of the two extreme values for all lanes.
    """
    codes, values = _integers(number_format)
    extremes = [int(np.argmin(values)), int(np.argmax(values))]
    picks = rng.integers(0, len(codes), (streams, lanes))
    picks[1::2] = rng.choice(extremes, (len(picks[1::2]), 1))
    words = [
        sum(codes[pick] << (i * number_format.bits) for i, pick in enumerate(row)) for row in picks
    ]
    return words, [[values[pick] for pick in row] for row in picks]
