"""A network folded, with sized FIFOs and written as RTL: what is verified and synthesised."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from hw_models.arith.cell import STYLES
from hw_models.boards.base import Board
from hw_models.cost import DspUse
from hw_models.cost.target import load_target
from hw_models.dataflow import Dataflow, dataflow
from hw_models.folding import Folding
from hw_models.graph import INPUT
from hw_models.model import Model
from hw_models.payload import Payload
from hw_models.rtl.accelerator import emit_accelerator
from hw_models.rtl.board import CoreInterface
from hw_models.rtl.design import Rtl
from hw_models.rtl.node import Fabric
from hw_models.schedule import Schedule, pipeline_cycles, replay, with_sized_fifos


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """An accelerator in RTL, and what is predicted of it.

    Attributes:
        model: The network.
        flow: Its nodes at their pace, its streams with their FIFOs.
        fabric: What the RTL is for.
        rtl: Top module with one stream in and one out.
        schedule: Predicted latency and interval.
    """

    model: Model
    flow: Dataflow
    fabric: Fabric
    rtl: Rtl
    schedule: Schedule

    def digest(self) -> str:
        """Return the sha256 of the RTL with everything it needs, as 64 hex digits."""
        return rtl_digest(self.rtl)


def fabric_of(board: Board, dsp: DspUse) -> Fabric:
    """Return the fabric of `board`, its adders in the family's cheapest style."""
    return Fabric(target=load_target(board.family, dsp), style=STYLES[board.family][0])


def design(model: Model, foldings: Sequence[Folding], fabric: Fabric) -> Design:
    """Fold `model`, size its FIFOs and write its RTL.

    Raises:
        FoldingError: An illegal folding.
        DesignError: No FIFO depths reach the rate of the slowest node.
        UnmodelledError: A node without RTL.
    """
    return with_rtl(model, dataflow(model.accelerator, foldings), fabric)


def with_rtl(model: Model, flow: Dataflow, fabric: Fabric) -> Design:
    """Size the FIFOs of `flow` and write its RTL.

    Raises:
        DesignError: As `design`.
        UnmodelledError: As `design`.
    """
    latencies = pipeline_cycles(flow, fabric)
    sized = with_sized_fifos(flow, latencies)
    return Design(
        model=model,
        flow=sized,
        fabric=fabric,
        rtl=emit_accelerator(sized, model, fabric),
        schedule=replay(sized, latencies),
    )


def core_interface(made: Design) -> CoreInterface:
    """Return the accelerator as a board top and a host see it."""
    output, last = made.flow.output, made.flow.accelerator.nodes[-1]
    return CoreInterface(
        rtl=made.rtl,
        input=input_frame(made.flow),
        output=Payload(
            element_bits=output.bits,
            lanes=output.source_lanes,
            beats=last.out_elements // output.source_lanes,
            is_signed=last.out_format is None,
        ),
        digest=made.digest(),
    )


def input_frame(flow: Dataflow) -> Payload:
    """Return the frames that an accelerator takes."""
    (entry, *_) = flow.streams_from(INPUT)
    (first, *_) = flow.accelerator.readers_of(INPUT)
    return Payload(
        element_bits=entry.bits,
        lanes=entry.source_lanes,
        beats=first.in_elements // entry.source_lanes,
    )


def rtl_digest(rtl: Rtl) -> str:
    """Return the sha256 of a design's text, library files and memories, as 64 hex digits."""
    parts = [rtl.top, rtl.text, *(source.read_text() for source in rtl.sources)]
    parts += [part for memory in rtl.memories for part in memory]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
