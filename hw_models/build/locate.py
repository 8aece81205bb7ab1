"""Which node computes something else than golden: prefixes of the accelerator, simulated alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.errors import VerificationError
from hw_models.build.design import Design, with_rtl
from hw_models.build.verification import Verification, compare
from hw_models.dataflow import dataflow
from hw_models.graph import INPUT, Accelerator, Mvau, SlidingWindow
from hw_models.model import Model
from hw_models.sim.golden import golden
from hw_models.sim.verilator import Traffic


def first_different_node(
    design: Design, codes: NDArray[np.int64], traffic: Traffic, folder: Path
) -> tuple[str, Verification] | None:
    """Return the first node whose output differs from golden, and how; `None` if none does.

    The accelerator is cut behind a node and simulated again; bisection over the nodes, in their
    order, finds where differences begin. Windows, and nodes before the first layer, are not cut at.

    Raises:
        ToolError: As `compare`.
    """
    nodes = design.model.accelerator.nodes
    start = next(i for i, node in enumerate(nodes) if isinstance(node, Mvau))
    names = [node.name for node in nodes[start:] if not isinstance(node, SlidingWindow)]
    expected = golden(design.model, codes)
    found: tuple[str, Verification] | None = None
    low, high = 0, len(names)
    while low < high:
        middle = (low + high) // 2
        name = names[middle]
        difference = _differs(prefix(design, name), codes, traffic, folder / name, expected[name])
        if difference is None:
            low = middle + 1
        else:
            found, high = (name, difference), middle
    return found


def prefix(design: Design, name: str) -> Design:
    """Return the design of the nodes that the one called `name` depends on, and of itself."""
    accelerator = design.model.accelerator
    wanted = {name}
    for node in reversed(accelerator.nodes):
        if node.name in wanted:
            wanted |= set(accelerator.sources_of(node)) - {INPUT}
    nodes = tuple(node for node in accelerator.nodes if node.name in wanted)
    part = Accelerator(nodes=nodes, sources=tuple(accelerator.sources_of(node) for node in nodes))
    pairs = zip(accelerator.mvaus, design.flow.foldings, strict=True)
    foldings = [folding for mvau, folding in pairs if mvau.name in wanted]
    model: Model = replace(design.model, accelerator=part)
    return with_rtl(model, dataflow(part, foldings), design.fabric)


def _differs(
    design: Design,
    codes: NDArray[np.int64],
    traffic: Traffic,
    folder: Path,
    expected: NDArray[Any],
) -> Verification | None:
    try:
        found = compare(design, codes, traffic, folder, expected=expected)
    except VerificationError as error:
        return Verification(
            images=len(codes),
            words_compared=0,
            words_different=expected.size,
            first_difference=str(error),
        )
    return found if found.words_different else None
