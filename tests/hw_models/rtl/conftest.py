"""Simulates many designs with streams at once: a C++ build takes longer than all their runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hw_models.arith.cell import Style
from hw_models.cost.target import load_target
from hw_models.rtl.design import Rtl
from hw_models.rtl.node import Fabric
from hw_models.sim.verilator import Drain, Feed, Simulation, Traffic, simulate
from hw_models.sim.words import pack, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A design with one stream in and one out, what goes in and what must come out.

    Elements have shape `(frames, beats · lanes)`.
    """

    label: str
    design: Rtl
    in_bits: int
    in_lanes: int
    inputs: np.ndarray
    out_bits: int
    out_lanes: int
    outputs: np.ndarray
    is_signed: bool = False

    @property
    def frames(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of one case."""

    outputs: np.ndarray
    in_cycles: np.ndarray
    out_cycles: np.ndarray

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first beat in to the first beat out."""
        return int(self.out_cycles[0, 0]) - int(self.in_cycles[0, 0])

    def interval_cycles(self, settled: int) -> float:
        """Cycles from frame to frame, after as many frames."""
        ends = self.out_cycles[:, -1].astype(int)
        return (ends[-1] - ends[settled]) / (len(ends) - 1 - settled)


def _bundle(cases: Sequence[Case]) -> Rtl:
    """Return a design that holds the cases' designs side by side, as c0, c1, …"""
    ports, instances, texts = ["input wire clk", "input wire rst"], [], {}
    for i, case in enumerate(cases):
        texts[case.design.top] = case.design.text
        pins = [".clk(clk)", ".rst(rst)"]
        for name, way, back, bits in (
            ("in", "input", "output", case.in_bits * case.in_lanes),
            ("out", "output", "input", case.out_bits * case.out_lanes),
        ):
            ports += [
                f"{way} wire [{bits - 1}:0] c{i}{name}_data",
                f"{way} wire c{i}{name}_valid",
                f"{back} wire c{i}{name}_ready",
            ]
            pins += [f".{name}_{p}(c{i}{name}_{p})" for p in ("data", "valid", "ready")]
        instances.append(f"{case.design.top} i{i} ({', '.join(pins)});")
    top = ["module bundle (", ",\n".join(ports), ");", *instances, "endmodule"]
    return Rtl(
        top="bundle",
        text="\n".join([*texts.values(), *top]),
        sources=tuple(dict.fromkeys(s for case in cases for s in case.design.sources)),
        memories=tuple(dict.fromkeys(m for case in cases for m in case.design.memories)),
    )


def _run(cases: Sequence[Case], traffic: Traffic, folder: Path) -> list[Run]:
    simulation: Simulation = simulate(
        _bundle(cases),
        [
            Feed(
                port=f"c{i}in",
                bits=case.in_bits * case.in_lanes,
                words=pack(case.inputs, case.in_bits, case.in_lanes),
            )
            for i, case in enumerate(cases)
        ],
        [
            Drain(
                port=f"c{i}out",
                bits=case.out_bits * case.out_lanes,
                count=case.outputs.size // case.out_lanes,
            )
            for i, case in enumerate(cases)
        ],
        traffic,
        folder=folder,
        timeout_s=300,
        patience_cycles=2000,
    )
    return [
        Run(
            outputs=unpack(words, case.out_bits, case.out_lanes, is_signed=case.is_signed).reshape(
                case.outputs.shape
            ),
            in_cycles=simulation.in_cycles[i].reshape(case.frames, -1),
            out_cycles=simulation.out_cycles[i].reshape(case.frames, -1),
        )
        for i, (case, words) in enumerate(zip(cases, simulation.out_words, strict=True))
    ]


@pytest.fixture
def run_cases(tmp_path) -> Callable[..., list[Run]]:
    """Simulate cases side by side under `Traffic`, and compare every word."""

    def run(cases: Sequence[Case], **traffic: Any) -> list[Run]:
        runs = _run(cases, Traffic(**{"seed": 1, **traffic}), tmp_path)
        for case, got in zip(cases, runs, strict=True):
            wrong = np.argwhere(got.outputs != case.outputs)
            assert not len(wrong), f"{case.label}: {len(wrong)} wrong words, first {wrong[0]}"
        return runs

    return run


@pytest.fixture(scope="session")
def make_case() -> type[Case]:
    return Case


@pytest.fixture(scope="session")
def portable() -> Fabric:
    return Fabric(target=load_target("ecp5", "none"), style=Style.PORTABLE)


@pytest.fixture(scope="session")
def renamed() -> Callable[[Rtl, str], Rtl]:
    """Give a design's top module and its memories another name."""

    def rename(design: Rtl, name: str) -> Rtl:
        return replace(
            design,
            top=name,
            text=design.text.replace(design.top, name),
            memories=tuple((f.replace(design.top, name), text) for f, text in design.memories),
        )

    return rename
