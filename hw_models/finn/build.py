"""Hands a model to FINN and reads what FINN made of it."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.errors import ReportParseError
from dse.files import replace_atomically, require_writable_folder
from hw_models.finn.environment import FINN_VERSION
from hw_models.finn.graph import finn_graph
from hw_models.finn.run import run_worker
from hw_models.folding import Folding, node_ii_cycles, node_paces
from hw_models.graph import Accelerator
from hw_models.model import Model
from hw_models.resources import Resources

TIMEOUT_S = 900.0
_GRAPH, _RESULT = "graph.onnx", "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinnLayer:
    """A hardware layer as FINN built it.

    Attributes:
        name: FINN's name for it.
        kind: Its FINN type; ``…_rtl`` or ``…_hls`` says in which language it is written.
        pe: Output channels side by side.
        simd: Elements per output channel and cycle.
        cycles: FINN's estimate of its cycles per frame.
        resources: FINN's estimate of what it takes; 0 where FINN has no rule.
        code: Folder of the generated code.
        input_bits: Width of a beat of its input stream [bit].
        output_bits: Width of a beat of its output stream [bit].
        input_beats: Beats it takes per frame.
        output_beats: Beats it gives per frame.
        early_beats: Beats it gives of the next frame before that comes.
        weight_bits: Width of a beat of its weight stream [bit]; 0 without one.
    """

    name: str
    kind: str
    pe: int
    simd: int
    cycles: int
    resources: Resources
    code: Path
    input_bits: int
    output_bits: int
    input_beats: int
    output_beats: int
    early_beats: int
    weight_bits: int

    @property
    def is_rtl(self) -> bool:
        """Whether it is RTL, which can be simulated and synthesised without AMD's tools."""
        return self.kind.endswith("_rtl")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinnBuild:
    """What FINN made of a model.

    Attributes:
        version: Version of finn-plus.
        board: FINN's name of the board.
        clock_mhz: Clock [MHz].
        layers: Hardware layers in order.
        fps: FINN's estimate of the frame rate.
        latency_us: FINN's estimate of the latency [µs].
        library: Folder of FINN's own RTL.
    """

    version: str
    board: str
    clock_mhz: float
    layers: tuple[FinnLayer, ...]
    fps: float
    latency_us: float
    library: Path

    @property
    def resources(self) -> Resources:
        """Sum over the layers; too low by those FINN estimates with 0."""
        return sum((layer.resources for layer in self.layers), start=Resources())

    @property
    def without_estimate(self) -> tuple[str, ...]:
        """Layers for which FINN estimates 0 LUT."""
        return tuple(layer.name for layer in self.layers if layer.resources.lut == 0)


def build(
    model: Model,
    folder: Path,
    *,
    board: str,
    clock_mhz: float,
    fps: float = 0.0,
    foldings: Sequence[Folding] = (),
    timeout_s: float = TIMEOUT_S,
) -> FinnBuild:
    """Let FINN turn `model` into folded hardware layers, estimates and RTL in `folder`.

    Args:
        model: Integers only.
        folder: Where the graph, FINN's files and its log go.
        board: FINN's name of a board, e.g. ``"Pynq-Z1"``.
        clock_mhz: Clock [MHz].
        fps: Frame rate for FINN's own folding; not used with `foldings`.
        foldings: Our folding of each layer instead: FINN's matrix units and thresholds take it, its
            other layers what keeps up with the slowest of ours.
        timeout_s: Longest time [s].

    Raises:
        UnsupportedLayerError: FINN has no hardware for a node; FINN is not started.
        ToolError: FINN is missing, failed or hangs: names the step, and holds its last lines.
    """
    graph = finn_graph(model)
    require_writable_folder(folder)
    graph.save(str(folder / _GRAPH))
    folding, ii_cycles = "", math.floor(clock_mhz * 1e6 / fps) if fps else 0
    if foldings:
        folding = "folding.json"
        replace_atomically(folder / folding, folding_config(model, foldings))
        ii_cycles = accelerator_ii_cycles(model.accelerator, foldings)
    request = {
        "graph": _GRAPH,
        "output": "output",
        "result": _RESULT,
        "board": board,
        "clock_ns": 1e3 / clock_mhz,
        "ii_cycles": ii_cycles,
        "folding": folding,
    }
    run_worker("build", request, folder, timeout_s)
    return _read(folder, board, clock_mhz)


def execute(
    folder: Path, codes: NDArray[np.int64], *, timeout_s: float = TIMEOUT_S
) -> NDArray[np.int64]:
    """Return the sums that FINN's hardware layers give for images, shape `(n, outputs)`.

    Args:
        folder: Of a finished `build`.
        codes: Integers of the input codes, shape `(n, h, w, c)`.
        timeout_s: Longest time [s].

    Raises:
        ToolError: As `build`.
    """
    np.save(folder / "codes.npy", codes)
    request = {
        "graph": "output/step_convert_to_hw.onnx",
        "codes": "codes.npy",
        "outputs": "sums.npy",
        "result": "executed.json",
    }
    run_worker("execute", request, folder, timeout_s)
    return np.asarray(np.load(folder / "sums.npy", allow_pickle=False)).astype(np.int64)


def trace(
    folder: Path, codes: NDArray[np.int64], *, timeout_s: float = TIMEOUT_S
) -> dict[str, NDArray[np.int64]]:
    """Return the beats each hardware layer takes and gives for images, by its own model.

    Args:
        folder: Of a finished `build`.
        codes: Integers of the input codes, shape `(n, h, w, c)`.
        timeout_s: Longest time [s].

    Returns:
        ``<layer>.in`` and ``<layer>.out``, shape `(n · beats, elements)`.

    Raises:
        ToolError: As `build`.
    """
    np.save(folder / "codes.npy", codes)
    request = {
        "graph": "output/step_convert_to_hw.onnx",
        "folded_graph": "output/step_hw_codegen.onnx",
        "codes": "codes.npy",
        "beats": "beats.npz",
        "result": "traced.json",
    }
    run_worker("trace", request, folder, timeout_s)
    with np.load(folder / "beats.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def folding_config(model: Model, foldings: Sequence[Folding]) -> str:
    """Return our folding as FINN's configuration file.

    A matrix unit's PE and SIMD are ours, and the PE of the thresholds behind it is the matrix
    unit's, as in our requantizers. Other layers are folded by FINN, to keep up with ours.
    """
    accelerator = model.accelerator
    layers: dict[str, Any] = {"Defaults": {}}
    thresholds = 0
    for position, mvau in enumerate(accelerator.mvaus):
        folding = foldings[position]
        layers[f"MVAU_rtl_{position}"] = {"PE": folding.pe, "SIMD": folding.simd}
        if accelerator.requantize_of(mvau):
            layers[f"Thresholding_rtl_{thresholds}"] = {"PE": folding.pe}
            thresholds += 1
    return json.dumps(layers, indent=1)


def accelerator_ii_cycles(accelerator: Accelerator, foldings: Sequence[Folding]) -> int:
    """Return the cycles per frame of the slowest node."""
    paces = node_paces(accelerator, foldings)
    return max(map(node_ii_cycles, accelerator.nodes, paces))


def _read(folder: Path, board: str, clock_mhz: float) -> FinnBuild:
    path = folder / _RESULT
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return FinnBuild(
            version=FINN_VERSION,
            board=board,
            clock_mhz=clock_mhz,
            layers=tuple(_layer(layer) for layer in result["layers"]),
            fps=float(result["performance"]["estimated_throughput_fps"]),
            latency_us=float(result["performance"]["estimated_latency_ns"]) / 1e3,
            library=Path(result["library"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportParseError(f"{path} is not what FINN's worker writes: {error!r}") from error


def _layer(data: dict[str, Any]) -> FinnLayer:
    resources = data["resources"]
    return FinnLayer(
        **{
            **data,
            "code": Path(data["code"]),
            "resources": Resources(
                lut=round(resources["LUT"]),
                dsp=round(resources["DSP"]),
                bram18=round(resources["BRAM_18K"]),
                uram=round(resources["URAM"]),
            ),
        }
    )


def to_json(build: FinnBuild) -> dict[str, Any]:
    """Return a build as a JSON object."""
    layers = [{**asdict(layer), "code": str(layer.code)} for layer in build.layers]
    totals = build.resources.to_json()
    return {**asdict(build), "library": str(build.library), "layers": layers, "totals": totals}
