"""Exhaustive proof of arithmetic cells: every pair of operands, against Python integers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dse.formats import Format
from hw_models.arith.cell import Mac
from hw_models.synth.netlist import GateSimulator, Module, Planes

_ROW_BITS = 128
"""Integers are cut to this many bits: more than any accumulator has."""


def planes(values: Sequence[int], bits: int) -> Planes:
    """Return two's complement `values` as bit planes, padded to whole words."""
    mask = (1 << _ROW_BITS) - 1
    raw = b"".join((value & mask).to_bytes(_ROW_BITS // 8, "little") for value in values)
    table = np.frombuffer(raw, np.uint8).reshape(-1, _ROW_BITS // 8)
    unpacked = np.unpackbits(table, axis=1, bitorder="little")[:, :bits].T
    padded = np.pad(unpacked, ((0, 0), (0, -len(values) % 64)))
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


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
        for chunk in rng.integers(0, 256, (len(products), _ROW_BITS // 8), np.uint8)
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
        out = simulator.evaluate(
            {"a": given.a, "w": given.w, "acc": given.acc, "clr": clr, "en": en}
        )
        wrong |= np.bitwise_or.reduce(out["acc"] ^ expected, axis=0)
    bits = np.unpackbits(wrong.view(np.uint8), bitorder="little")
    return int(bits[: given.count].sum())
