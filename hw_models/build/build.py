"""From a QONNX file to a verified accelerator and its bitstream, step by step."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from dse.errors import ToolNotFoundError, VerificationError
from dse.files import require_writable_folder
from dse.progress import Progress
from hw_models.boards.base import Board
from hw_models.build.design import Design, core_interface, design, fabric_of
from hw_models.build.fold import chosen_foldings, write_foldings
from hw_models.build.images import TestImages
from hw_models.build.locate import first_different_node
from hw_models.build.report import REPORT, Report
from hw_models.build.steps import Result, Steps
from hw_models.build.verification import compare, measure
from hw_models.cost import DspUse
from hw_models.cost.estimate import estimate_flow
from hw_models.graph import Requantize
from hw_models.model import Model
from hw_models.resources import Resources
from hw_models.rtl.node import require_rtl
from hw_models.schedule import slowest_ii_cycles
from hw_models.sim.golden import golden, used_codes
from hw_models.sim.verilator import Traffic
from hw_models.synth import nextpnr
from hw_models.synth.bitstream import BitstreamOptions, Say, bitstream
from hw_models.synth.synthesis import synthesise
from hw_models.tools import find

BUILD_VERSION = 4
"""Raised by hand whenever a step gives another result for the same inputs."""

_STEPS = {"verification": 30, "measurement": 5, "synthesis": 30, "bitstream": 120}
_GAP, _BACKPRESSURE = 0.2, 0.2
_SYNTHESIS_TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be built.

    Attributes:
        model: QONNX file.
        board: Board.
        fold: ``auto``, ``fps=N`` or a JSON file, as in `chosen_foldings`.
        clock_mhz: Clock of the accelerator, one the board can make [MHz].
        dsp: Whether DSP blocks may multiply.
        seed: Of gaps and back-pressure.
        with_bitstream: Whether to place and route, where open tools can.
    """

    model: Path
    board: Board
    fold: str
    clock_mhz: float
    dsp: DspUse
    seed: int
    with_bitstream: bool


def build(
    order: Order, model: Model, images: TestImages, folder: Path, progress: Progress, say: Say
) -> Report:
    """Build what `order` says into `folder` and return the report, which is written last.

    A step whose inputs have not changed since it last ended there is not done again.

    Args:
        order: Board, folding, clock.
        model: What `read_model` gives for the order's file.
        images: Images to verify on.
        folder: Folder of the build, made if it is missing.
        progress: Told of the steps.
        say: Told of a clock that was missed.

    Raises:
        UnsupportedLayerError: A node has no RTL; nothing is written.
        DesignError: The network does not fit the board, or the folding is illegal; nothing is
            written.
        VerificationError: The RTL differs from golden: names the node and the first difference.
        ToolError: A tool is missing, fails or does not end in time.
    """
    require_rtl(model.accelerator)
    foldings = chosen_foldings(
        order.fold, model.accelerator, order.board, order.dsp, order.clock_mhz
    )
    require_writable_folder(folder)
    (folder / REPORT).unlink(missing_ok=True)
    made = design(model, foldings, fabric_of(order.board, order.dsp))
    layers = [mvau.name for mvau in model.accelerator.mvaus]
    write_foldings(folder / "folding.json", layers, foldings)
    _write_rtl(made, folder / "rtl")
    steps = Steps(folder, _STEPS, progress)
    found = _Found(
        verified=_verified(steps, made, images, order.seed),
        measured=_measured(steps, made, images),
        counted=_synthesised(steps, made, order),
        placed=_placed(steps, made, order, say),
        seconds=steps.seconds,
    )
    report = _report(order, made, images, found)
    report.write(folder)
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Results of the steps, and the time each took [s]."""

    verified: Result
    measured: Result
    counted: Result
    placed: Result
    seconds: dict[str, float]


def _report(order: Order, made: Design, images: TestImages, found: _Found) -> Report:
    """Return what was predicted and found."""
    predicted = estimate_flow(made.flow, order.board.family, order.dsp).resources
    synthesis = Resources.from_json(found.counted["resources"])
    core = core_interface(made)
    return Report(
        model=str(order.model.resolve()),
        model_sha256=file_sha256(order.model),
        board=order.board.name,
        dsp=order.dsp,
        fold=order.fold,
        foldings={
            mvau.name: folding.to_json()
            for mvau, folding in zip(made.flow.accelerator.mvaus, made.flow.foldings, strict=True)
        },
        fifo_depths={
            f"{s.source or 'input'} > {s.sink or 'output'}"
            + (f" {s.port}" if len(made.flow.streams_to(s.sink)) > 1 else ""): s.fifo_depth
            for s in made.flow.streams
        },
        images=images.source,
        seed=order.seed,
        words_compared=found.verified["words_compared"],
        words_different=found.verified["words_different"],
        codes_used=found.verified["codes_used"],
        codes_possible={
            node.name: len(node.output.grid())
            for node in made.flow.accelerator.nodes
            if isinstance(node, Requantize)
        },
        ii_cycles=slowest_ii_cycles(made.flow),
        measured_interval_cycles=found.measured["interval_cycles"],
        latency_cycles=made.schedule.latency_cycles,
        measured_latency_cycles=found.measured["latency_cycles"],
        clock_mhz=found.placed["clock_mhz"],
        compute_fps=found.placed["clock_mhz"] * 1e6 / found.measured["interval_cycles"],
        estimate=predicted,
        synthesis=synthesis,
        lut_error_pct=100 * (predicted.lut / synthesis.lut - 1),
        board_synthesis=_resources(found.placed["netlist"]),
        result=_resources(found.placed["resources"]),
        fmax_mhz=found.placed["fmax_mhz"],
        bitstream=found.placed["bitstream"],
        accelerator_sha256=made.digest(),
        input=core.input,
        output=core.output,
        tools={
            "verilator": find("verilator").version,
            found.counted["tool"]: found.counted["version"],
            **found.placed["tools"],
        },
        seconds=found.seconds,
    )


def _resources(counts: dict[str, int] | None) -> Resources | None:
    return Resources.from_json(counts) if counts else None


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, as 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_rtl(made: Design, folder: Path) -> None:
    """Write the RTL with its library and memories, for people and for other tools."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{made.rtl.top}.sv").write_text(made.rtl.text)
    for source in made.rtl.sources:
        (folder / source.name).write_text(source.read_text())
    for name, content in made.rtl.memories:
        (folder / name).write_text(content)


def _verified(steps: Steps, made: Design, images: TestImages, seed: int) -> Result:
    """Compare RTL with golden.

    Raises:
        VerificationError: They differ; names the node and the first difference.
    """

    def work(folder: Path) -> Result:
        traffic = Traffic(seed=seed, gap=_GAP, backpressure=_BACKPRESSURE)
        trace = golden(made.model, images.codes)
        expected = trace[made.model.accelerator.nodes[-1].name]
        try:
            found = compare(made, images.codes, traffic, folder, expected=expected)
        except VerificationError as error:
            raise VerificationError(_located(made, images, traffic, folder, str(error))) from error
        if found.words_different:
            raise VerificationError(_located(made, images, traffic, folder, str(found)))
        return found.to_json() | {"codes_used": used_codes(trace, made.model)}

    return steps.run("verification", _inputs(made, images, str(seed)), work)


def _located(made: Design, images: TestImages, traffic: Traffic, folder: Path, whole: str) -> str:
    """Return a line that names the first node at fault, or says what the whole design does."""
    found = first_different_node(made, images.codes, traffic, folder)
    if found is None:
        return f"{made.rtl.top} differs from golden, though each of its nodes does not: {whole}"
    name, difference = found
    return (
        f"{name} differs from golden in {difference.words_different} words; "
        f"first {difference.first_difference}"
    )


def _measured(steps: Steps, made: Design, images: TestImages) -> Result:
    def work(folder: Path) -> Result:
        return asdict(measure(made, images.codes, folder))

    return steps.run("measurement", _inputs(made, images), work)


def _inputs(made: Design, images: TestImages, *more: str) -> tuple[str, ...]:
    return (str(BUILD_VERSION), made.digest(), images.digest(), find("verilator").version, *more)


def _synthesised(steps: Steps, made: Design, order: Order) -> Result:
    """Count what the accelerator alone takes after synthesis."""

    def work(folder: Path) -> Result:
        (counted,) = synthesise([made.rtl], order.board.family, timeout_s=_SYNTHESIS_TIMEOUT_S)
        return {
            "resources": counted.resources.to_json(),
            "tool": counted.tool,
            "version": counted.version,
        }

    inputs = (str(BUILD_VERSION), made.digest(), order.board.family, order.dsp)
    return steps.run("synthesis", inputs, work)


def _placed(steps: Steps, made: Design, order: Order, say: Say) -> Result:
    """Place, route and pack the board's design.

    Without the vendor's tool an AMD board gets none, and `say` tells how to go on.
    """
    unplaced: Result = {
        "netlist": None,
        "resources": None,
        "clock_mhz": order.clock_mhz,
        "fmax_mhz": 0.0,
        "bitstream": "",
        "tools": {},
    }
    if not order.with_bitstream:
        return unplaced

    def work(folder: Path) -> Result:
        options = BitstreamOptions(seed=order.seed + 1)
        found = bitstream(core_interface(made), order.board, order.clock_mhz, folder, options, say)
        return {
            "netlist": found.netlist.to_json() if found.netlist else None,
            "resources": found.resources.to_json(),
            "clock_mhz": found.clock_mhz,
            "fmax_mhz": found.fmax_mhz,
            "bitstream": str(found.path.relative_to(folder.parent)),
            "tools": dict(found.tools),
        }

    inputs = (
        str(BUILD_VERSION),
        made.digest(),
        order.board.name,
        f"{order.clock_mhz!r}",
        order.dsp,
        str(order.seed),
    )
    try:
        return steps.run("bitstream", inputs, work)
    except ToolNotFoundError as error:
        if order.board.family in nextpnr.DEVICES:
            raise
        say(str(error))
        return unplaced
