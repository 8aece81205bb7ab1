"""FINN and our own hardware side by side: the same network at the same PE and SIMD."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dse.errors import DesignError, UnmodelledError
from dse.progress import Progress
from hw_models.arith.cell import STYLES
from hw_models.cost import DspUse, estimate
from hw_models.cost.target import load_target
from hw_models.dataflow import dataflow
from hw_models.finn.build import FinnBuild, FinnLayer, build, execute, trace
from hw_models.finn.own import node_outputs, simulate_node
from hw_models.finn.simulate import Beats, Simulated, check_layer
from hw_models.finn.synthesise import DEVICE, synthesise_layer
from hw_models.folding import Folding
from hw_models.graph import Accelerator, Mvau, Node, Pool, Requantize, SlidingWindow
from hw_models.model import Model
from hw_models.resources import Resources
from hw_models.rtl.accelerator import EMITTERS  # noqa: F401 - the emitters register themselves
from hw_models.rtl.node import Fabric, emit_node
from hw_models.sim.golden import golden_outputs
from hw_models.sim.verilator import Traffic
from hw_models.synth.synthesis import synthesise
from hw_models.tail import IntArray

BOARD = "Pynq-Z1"
"""FINN's name of a board with a device of our family `DEVICE`."""
FRAMES = 3

_KINDS: dict[type[Node], tuple[str, ...]] = {
    SlidingWindow: ("FMPadding", "ConvolutionInputGenerator"),
    Mvau: ("MVAU",),
    Requantize: ("Thresholding",),
    Pool: ("FMPadding", "ConvolutionInputGenerator", "Pool"),
}
"""FINN's layers that do what a node of ours does, in order; it leaves out those not needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one of the two made of a node.

    Attributes:
        layers: Names of its layers.
        estimated: What it says they take.
        without_estimate: Those of the layers that it says take 0 LUT, for want of an estimate.
        synthesised: What Yosys counts; `None` where there is no RTL.
        predicted_cycles: Cycles per frame of the slowest, as it says.
        simulated: Those of the slowest, and all words; `None` where there is no RTL.
    """

    layers: tuple[str, ...]
    estimated: Resources
    without_estimate: tuple[str, ...]
    synthesised: Resources | None
    predicted_cycles: int
    simulated: Simulated | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeComparison:
    """A node of ours beside what FINN has for it.

    Attributes:
        kind: Its kind, as ``"Mvau"``.
        folding: PE and SIMD of its layer's matrix unit, the same on both sides.
        finn: FINN's layers.
        ours: Our own.
    """

    kind: str
    folding: Folding
    finn: Side
    ours: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """FINN and our own hardware for one network.

    Attributes:
        nodes: Node by node.
        finn_version: Version of finn-plus.
        clock_mhz: Clock that FINN was asked for [MHz].
        dsp: Whether our products may take DSP blocks; FINN's matrix units always do.
        images: Images run through FINN's layers and the golden.
        images_different: Those of them for which any output differs.
    """

    nodes: tuple[NodeComparison, ...]
    finn_version: str
    clock_mhz: float
    dsp: DspUse
    images: int
    images_different: int


def compare(
    model: Model,
    foldings: Sequence[Folding],
    codes: IntArray,
    folder: Path,
    *,
    clock_mhz: float,
    dsp: DspUse,
    progress: Progress,
) -> Comparison:
    """Build `model` with FINN and with our own RTL, and synthesise and simulate both.

    Every layer is synthesised on its own, and simulated on its own with the first `FRAMES` images
    back to back. All images run through FINN's own models of its layers, and through the golden.

    Args:
        model: Integers only.
        foldings: Of every layer, for both.
        codes: Codes of images, shape `(n, height, width, channels)`.
        folder: Where FINN's files, words and logs go.
        clock_mhz: Clock that FINN is asked for [MHz].
        dsp: Whether our products may take DSP blocks.
        progress: Told of each node.

    Raises:
        DesignError: Fewer than `FRAMES` images.
        UnsupportedLayerError: FINN has no hardware for a node.
        VerificationError: RTL hangs.
        ToolError: FINN, Yosys or Verilator is missing or fails.
    """
    if len(codes) < FRAMES:
        raise DesignError(f"simulations need {FRAMES} images, not {len(codes)}")
    nodes = model.accelerator.nodes
    progress("FINN's build", 0, 1)
    made = build(model, folder, board=BOARD, clock_mhz=clock_mhz, foldings=foldings)
    integers = model.input.format.decode(codes).astype(np.int64)
    beats = trace(folder, integers[:FRAMES])
    progress("FINN's build", 1, 1)
    given = execute(folder, integers)
    expected = golden_outputs(model, codes).reshape(len(codes), -1)
    ours = _OurSide(model, foldings, dsp, codes[:FRAMES], folder)
    compared: list[NodeComparison] = []
    for node, layers in matched_layers(model.accelerator, made):
        progress("layers", len(compared), len(nodes))
        layer = model.accelerator.layer_of_node[nodes.index(node)]
        compared.append(
            NodeComparison(
                kind=type(node).__name__,
                folding=foldings[layer],
                finn=_finn_side(made, layers, beats, folder),
                ours=ours.of(node),
            )
        )
    progress("layers", len(nodes), len(nodes))
    return Comparison(
        nodes=tuple(compared),
        finn_version=made.version,
        clock_mhz=clock_mhz,
        dsp=dsp,
        images=len(codes),
        images_different=int((given != expected).any(axis=1).sum()),
    )


def matched_layers(
    accelerator: Accelerator, made: FinnBuild
) -> Iterator[tuple[Node, tuple[FinnLayer, ...]]]:
    """Yield every node with the layers FINN has for it, which may be none.

    Raises:
        UnmodelledError: FINN has a layer that belongs to no node.
    """
    waiting = list(made.layers)
    for node in accelerator.nodes:
        yield node, tuple(waiting.pop(0) for kind in _KINDS[type(node)] if _is_next(waiting, kind))
    if waiting:
        raise UnmodelledError(f"FINN's layer {waiting[0].name} is none of this network's")


def _is_next(waiting: Sequence[FinnLayer], kind: str) -> bool:
    """Return whether the first of `waiting` is of `kind`, in RTL or HLS."""
    return bool(waiting) and waiting[0].kind.rpartition("_")[0] == kind


def _finn_side(made: FinnBuild, layers: tuple[FinnLayer, ...], beats: Beats, folder: Path) -> Side:
    synthesised: Resources | None = None
    simulated: Simulated | None = None
    if layers and all(layer.is_rtl for layer in layers):
        counts = [synthesise_layer(made, layer) for layer in layers]
        synthesised = sum(counts, start=Resources())
        quiet = Traffic(seed=0)
        checks = [
            check_layer(made, layer, beats, folder / "sim" / layer.name, traffic=quiet)
            for layer in layers
        ]
        simulated = Simulated(
            cycles=max(check.cycles for check in checks),
            words_compared=sum(check.words_compared for check in checks),
            words_different=sum(check.words_different for check in checks),
        )
    return Side(
        layers=tuple(layer.name for layer in layers),
        estimated=sum((layer.resources for layer in layers), start=Resources()),
        without_estimate=tuple(layer.name for layer in layers if layer.resources.lut == 0),
        synthesised=synthesised,
        predicted_cycles=max((layer.cycles for layer in layers), default=0),
        simulated=simulated,
    )


class _OurSide:
    """Our own RTL for the nodes of a model."""

    def __init__(
        self,
        model: Model,
        foldings: Sequence[Folding],
        dsp: DspUse,
        codes: np.ndarray,
        folder: Path,
    ) -> None:
        self._model = model
        self._flow = dataflow(model.accelerator, foldings)
        self._fabric = Fabric(target=load_target(DEVICE, dsp), style=STYLES[DEVICE][0])
        report = estimate(model.accelerator, foldings, DEVICE, dsp)
        self._costs = {cost.name: cost for cost in report.per_node}
        self._folder = folder
        self._outputs = node_outputs(model, codes)

    def of(self, node: Node) -> Side:
        """Synthesise and simulate one node."""
        cost = self._costs[node.name]
        rtl = emit_node(node, self._flow.pace_of(node), self._model, self._fabric)
        (counted,) = synthesise([rtl], DEVICE)  # its DSP blocks are instantiated
        folder = self._folder / "sim" / rtl.top
        return Side(
            layers=(node.name,),
            estimated=cost.resources,
            without_estimate=(),
            synthesised=counted.resources,
            predicted_cycles=cost.ii_cycles,
            simulated=simulate_node(node, rtl, self._flow, self._outputs, folder),
        )
