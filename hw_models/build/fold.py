"""Foldings for a board: chosen automatically, by a frame rate, or read from a file."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from dse.errors import DesignError, FoldingError
from dse.files import replace_atomically
from dse.registry import nearest
from hw_models.boards.base import Board
from hw_models.build.design import input_frame
from hw_models.cost import DspUse
from hw_models.cost.estimate import estimate_flow
from hw_models.cost.host_link import host_link_resources
from hw_models.cost.target import load_target
from hw_models.dataflow import dataflow
from hw_models.folding import (
    Folding,
    fold,
    fold_to_fps,
    legal_foldings,
    reachable_ii_cycles,
    slowest_layer_ii_cycles,
)
from hw_models.graph import Accelerator
from hw_models.resources import Resources

AUTO_SHARE = 0.4
"""Part of every resource of a board that an automatic folding may take, host link apart."""

WHOLE = 1.0
_SECTIONS = ("lut", "ff", "dsp", "bram18", "uram")


def chosen_foldings(
    text: str, accelerator: Accelerator, board: Board, dsp: DspUse, clock_mhz: float
) -> tuple[Folding, ...]:
    """Return the foldings that ``--fold TEXT`` asks for.

    Args:
        text: ``auto``, the smallest II that takes at most `AUTO_SHARE` of every resource;
            ``fps=N``, the cheapest foldings that reach N frames per second; or a JSON file
            ``{"layer": {"pe": 4, "simd": 8}, …}``.
        accelerator: Nodes.
        board: Board they must fit.
        dsp: Whether DSP blocks may multiply.
        clock_mhz: Clock of the accelerator [MHz].

    Raises:
        DesignError: The network does not fit the board: what is over, by how much, and which
            folding would fit. Or the file is damaged.
        FoldingError: An illegal folding, or a frame rate that none reaches.
    """
    if text == "auto":
        return _auto(accelerator, board, dsp)
    if text.startswith("fps="):
        foldings = fold_to_fps(accelerator, _fps(text), clock_mhz)
    else:
        foldings = read_foldings(Path(text), accelerator)
    over = _over(accelerator, foldings, board, dsp, WHOLE)
    if over:
        fitting = _smallest_fitting(accelerator, board, dsp, WHOLE)
        hint = "no folding of it fits this board"
        if fitting:
            fps = clock_mhz * 1e6 / slowest_layer_ii_cycles(accelerator, fitting)
            hint = f"--fold fps={_floor(fps)} would fit"
        raise DesignError(f"the network does not fit {board.name}: {over}; {hint}")
    return foldings


def read_foldings(path: Path, accelerator: Accelerator) -> tuple[Folding, ...]:
    """Read the folding of every layer from a JSON file, as `write_foldings` writes it.

    Raises:
        DesignError: The file cannot be read, or names other layers than the network has.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        given = {name: Folding(pe=int(f["pe"]), simd=int(f["simd"])) for name, f in data.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DesignError(
            f"cannot read foldings from {path}: {error}; give auto, fps=N or a JSON file "
            '{"layer": {"pe": 1, "simd": 1}}'
        ) from error
    names = [mvau.name for mvau in accelerator.mvaus]
    for name in given:
        if name not in names:
            raise FoldingError(f"{path}: no layer '{name}'{nearest(name, names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise FoldingError(f"{path} has no folding for {', '.join(missing)}")
    return tuple(given[name] for name in names)


def write_foldings(path: Path, layers: Sequence[str], foldings: Sequence[Folding]) -> None:
    """Write the folding of every layer, by its name, for ``--fold FILE``."""
    pairs = zip(layers, foldings, strict=True)
    data = {layer: folding.to_json() for layer, folding in pairs}
    replace_atomically(path, json.dumps(data, indent=1) + "\n")


def _floor(fps: float) -> float:
    """Return a frame rate with three decimals that is not above `fps`."""
    return math.floor(1000 * fps) / 1000


def _fps(text: str) -> float:
    try:
        return float(text.removeprefix("fps="))
    except ValueError as error:
        raise FoldingError(f"--fold {text}: the frame rate is no number") from error


def _auto(accelerator: Accelerator, board: Board, dsp: DspUse) -> tuple[Folding, ...]:
    foldings = _smallest_fitting(accelerator, board, dsp, AUTO_SHARE)
    if foldings is not None:
        return foldings
    slowest = [next(legal_foldings(mvau)) for mvau in accelerator.mvaus]
    over = _over(accelerator, slowest, board, dsp, AUTO_SHARE)
    whole = _over(accelerator, slowest, board, dsp, WHOLE)
    hint = "no folding of it fits" if whole else "--fold FILE with PE = SIMD = 1 would fit"
    raise DesignError(
        f"the network does not fit {AUTO_SHARE:.0%} of {board.name} even fully folded: "
        f"{over}; {hint}"
    )


def _smallest_fitting(
    accelerator: Accelerator, board: Board, dsp: DspUse, share: float
) -> tuple[Folding, ...] | None:
    """Return the foldings of the smallest II that take at most `share` of the board, if any do.

    Foldings of a greater II take less, so bisection finds it.
    """
    targets = reachable_ii_cycles(accelerator)
    low, high = 0, len(targets)
    while low < high:
        middle = (low + high) // 2
        if _over(accelerator, fold(accelerator, targets[middle]), board, dsp, share):
            low = middle + 1
        else:
            high = middle
    return fold(accelerator, targets[low]) if low < len(targets) else None


def _over(
    accelerator: Accelerator, foldings: Sequence[Folding], board: Board, dsp: DspUse, share: float
) -> str:
    """Return what is over `share` of the board and by how much, ``""`` if nothing is.

    The whole board also holds the host link.
    """
    flow = dataflow(accelerator, foldings)
    taken = estimate_flow(flow, board.family, dsp).resources
    if share == WHOLE:
        taken += host_link_resources(input_frame(flow), load_target(board.family, dsp))
    return over_budget(taken, board.resources, share)


def over_budget(taken: Resources, have: Resources, share: float) -> str:
    """Return what of `taken` is over `share` of `have` and by how much, ``""`` if nothing is."""
    rows = [(name, getattr(taken, name), int(share * getattr(have, name))) for name in _SECTIONS]
    return ", ".join(
        f"{name} {used} of {limit}" + (f" ({used / limit - 1:+.0%})" if limit else "")
        for name, used, limit in rows
        if used > limit
    )
