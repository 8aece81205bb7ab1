"""What each node does in the cycles of a frame: the beats it takes and gives, slot by slot.

A node passes through its slots in order, at most one a cycle. In a slot it may take one beat from
each of its streams, and may give one.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from dse.errors import UnmodelledError
from hw_models.dataflow import lanes_given, lanes_taken
from hw_models.folding import Pace
from hw_models.graph import Add, Mvau, Node, Pool, Requantize, SlidingWindow
from hw_models.line_buffer import buffer_pixels, pixel_groups, span_pixels

Beats = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """The slots of one frame; frames follow each other without a break.

    Attributes:
        takes: Whether a slot takes a beat from every input stream, shape `(slots,)`. A node that
            buffers takes its beats apart from its slots.
        gives: Whether a slot gives a beat, shape `(slots,)`.
        needs: Of a node that buffers: beats of the frame that must be there, shape `(slots,)`.
        keeps: Of a node that buffers: the oldest beat of the frame that still has its place,
            negative for the frame before, shape `(slots,)`.
        capacity: Beats that fit into the buffer; 0 for nodes that do not buffer.
        frame_beats: Beats taken per frame.
    """

    takes: NDArray[np.bool_]
    gives: NDArray[np.bool_]
    needs: Beats
    keeps: Beats
    capacity: int
    frame_beats: int

    @classmethod
    def direct(cls, takes: NDArray[np.bool_], gives: NDArray[np.bool_]) -> "Program":
        """Return the program of a node without a buffer."""
        none: Beats = np.zeros(len(takes), dtype=np.int64)
        beats = int(takes.sum())
        return cls(takes=takes, gives=gives, needs=none, keeps=none, capacity=0, frame_beats=beats)


@singledispatch
def program(node: Node, pace: Pace) -> Program:
    """Return the slots of `node` at its `pace`.

    Raises:
        UnmodelledError: A kind of node without a rule.
    """
    raise UnmodelledError(f"no schedule for nodes of kind {type(node).__name__}")


@program.register
def _(node: Mvau, pace: Pace) -> Program:
    """Take a vector in the first round over the outputs, give PE sums at the end of each round.

    Layers whose outputs have inputs of their own, as in depthwise ones, take beats in every round.
    """
    folding = pace.folding
    products, rounds = node.mw // folding.simd, node.mh // folding.pe
    new_rounds = node.in_elements // lanes_taken(node, pace) // products // node.vectors
    takes = np.zeros((node.vectors, rounds, products), dtype=np.bool_)
    takes[:, :: rounds // new_rounds] = True
    gives = np.zeros_like(takes)
    gives[:, :, -1] = True
    return Program.direct(takes.reshape(-1), gives.reshape(-1))


@program.register
def _(node: Requantize, pace: Pace) -> Program:
    """Take a beat in as many cycles as a bisection has steps, at most one for each bit of a code.

    A pace of more cycles only says that beats come more rarely.
    """
    first = np.zeros((node.in_elements // pace.lanes, min(pace.cycles, node.output.bits)), np.bool_)
    first[:, 0] = True
    return Program.direct(first.reshape(-1), first.reshape(-1))


@program.register
def _(node: Add, pace: Pace) -> Program:
    every = np.ones(node.in_elements // pace.lanes, dtype=np.bool_)
    return Program.direct(every, every)


@program.register
def _(node: Pool, pace: Pace) -> Program:
    """Give a window's result with its last pixel."""
    beats = node.channels // pace.lanes
    rows = np.arange(node.out_height) * node.stride[0] - node.pads[0] + node.kernel[0] - 1
    columns = np.arange(node.out_width) * node.stride[1] - node.pads[1] + node.kernel[1] - 1
    is_last = np.zeros((node.height, node.width), dtype=np.bool_)  # pads are no pixels
    is_last[np.ix_(np.minimum(rows, node.height - 1), np.minimum(columns, node.width - 1))] = True
    gives = np.repeat(is_last.reshape(-1), beats)
    return Program.direct(np.ones_like(gives), gives)


@program.register
def _(node: SlidingWindow, pace: Pace) -> Program:
    """Give the beats of a window once its last pixel, or the frame's, is there.

    A pixel's place is free once the first pixel of the window in work lies behind it.
    """
    groups = pixel_groups(node, pace)
    beats = node.out_elements // node.vectors // lanes_given(node, pace)
    rows = np.arange(node.out_height) * node.stride[0] - node.pads[0]
    columns = np.arange(node.out_width) * node.stride[1] - node.pads[1]
    first = (rows[:, None] * node.width + columns).reshape(-1).repeat(beats)
    last = np.minimum(first + span_pixels(node) + 1, node.height * node.width)
    return Program(
        takes=np.zeros(len(first), dtype=np.bool_),
        gives=np.ones(len(first), dtype=np.bool_),
        needs=last * groups,
        keeps=first * groups,
        capacity=buffer_pixels(node, pace) * groups,
        frame_beats=node.height * node.width * groups,
    )


def converter_program(taken: int, given: int) -> Program:
    """Return the slots of a data width converter, for as many elements as its wider word has.

    Args:
        taken: Elements per beat taken.
        given: Elements per beat given; one number divides the other.
    """
    takes = np.ones(max(given // taken, taken // given), dtype=np.bool_)
    gives = takes.copy()
    if given > taken:
        gives[:-1] = False
    else:
        takes[1:] = False
    return Program.direct(takes, gives)
