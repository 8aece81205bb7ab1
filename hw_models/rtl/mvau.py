"""RTL of matrix units, dense and depthwise."""

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from hw_models.arith.cell import Dot
from hw_models.arith.dsp import groups
from hw_models.cost.fifo import PAIR
from hw_models.cost.mvau import (
    folds_and_rounds,
    is_repeated,
    operand_cycles,
    result_places,
    unit_dot,
    unit_way,
    weight_memory,
)
from hw_models.dataflow import lanes_taken
from hw_models.folding import Folding, Pace, check_folding
from hw_models.graph import Mvau
from hw_models.model import Model
from hw_models.rtl.cell import LIBRARY, dot_parameters, library
from hw_models.rtl.design import Rtl
from hw_models.rtl.dsp import dot_dsp_parameters, dsp_library
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.memory import hex_words, ram_style, rom_is_block, rom_words, row_parameters
from hw_models.rtl.node import Fabric, emit_node, module_name
from hw_models.rtl.stream import Port, instance, module_text

SOURCES = ("ram", "rom", "fifo", "control_delay", "mvau_feed", "mvau_collect")


@emit_node.register
def _(node: Mvau, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write a matrix unit: operands, a pipelined dot product for each PE, and kept sums.

    Raises:
        FoldingError: An illegal folding.
        DesignError: Groups of more than one channel.
    """
    folding = pace.folding
    check_folding(node, folding)
    if node.groups not in (1, node.mh):
        raise DesignError(
            f"{node.name}: {node.groups} groups of {node.mh // node.groups} channels; "
            "there is RTL for dense and for depthwise layers"
        )
    name, file = module_name(node), f"{module_name(node)}_weights.hex"
    weights = weight_words(node, folding, model.weights[node.name])
    words = rom_words(weights, weight_memory(node, folding), fabric)
    act_bits = lanes_taken(node, pace) * node.act.bits
    kind = "depthwise" if node.groups > 1 else "dense"
    text = module_text(
        name,
        (
            f"Matrix unit {node.name}, {kind}: {node.mh} sums of {node.mw} products, "
            f"{node.vectors} vectors per frame.",
            f"PE {folding.pe}, SIMD {folding.simd}; {node.weight.name} weights, "
            f"{node.act.name} activations.",
        ),
        (
            Port(
                name="in",
                is_input=True,
                bits=act_bits,
                meaning=f"{lanes_taken(node, pace)} codes, {node.act.name}",
            ),
            Port(
                name="out",
                is_input=False,
                bits=folding.pe * node.accumulator_bits,
                meaning=f"{folding.pe} exact sums of {node.accumulator_bits} bit",
            ),
        ),
        _body(node, pace, fabric, file, act_bits),
    )
    way = unit_way(node, folding, fabric.target)
    cells = library(fabric.style) if way is None else dsp_library(fabric.style, way.block.name)
    sources = (*cells, *(LIBRARY / f"{source}.sv" for source in SOURCES))
    memory = (file, hex_words(words, node.weight.bits))
    return Rtl(top=name, text=text, sources=sources, memories=(memory,))


@latency_cycles.register
def _(node: Mvau, pace: Pace, fabric: Fabric) -> int:
    """Return the operands' and the adders' registers, and those that keep the sums."""
    dot = unit_dot(node, pace.folding, fabric.target, fabric.style)
    keeps = 1 if result_places(node, pace.folding, dot, fabric.target) <= PAIR else 2
    return operand_cycles(node, pace.folding, fabric.target) + dot.latency_cycles + keeps


def weight_words(node: Mvau, folding: Folding, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the words of the weight memory, shape `(rounds · folds, pe · simd)`.

    Word ``round · folds + fold`` holds, for each PE p and product s, the weight of output channel
    ``round · PE + p`` and input ``fold · SIMD + s`` at position ``p · SIMD + s``.
    """
    folds, rounds = folds_and_rounds(node, folding)
    grid = weights.reshape(rounds, folding.pe, folds, folding.simd)
    return np.ascontiguousarray(grid.transpose(0, 2, 1, 3)).reshape(rounds * folds, folding.lanes)


def _body(node: Mvau, pace: Pace, fabric: Fabric, file: str, act_bits: int) -> list[str]:
    """Return the lines of the module: operands, dot products, results."""
    folding = pace.folding
    dot = unit_dot(node, folding, fabric.target, fabric.style)
    return [
        "  wire has_room, claim, en, clr, last;",
        f"  wire [{act_bits - 1}:0] act;",
        f"  wire [{folding.lanes * node.weight.bits - 1}:0] weight;",
        f"  wire [{folding.pe * node.accumulator_bits - 1}:0] sums;",
        "",
        *_feed(node, folding, fabric, file, act_bits),
        *_products(node, folding, dot, fabric),
        *_collect(node, folding, dot, fabric),
    ]


def _feed(node: Mvau, folding: Folding, fabric: Fabric, file: str, act_bits: int) -> list[str]:
    """Return the instance that pairs activations with weights."""
    folds, rounds = folds_and_rounds(node, folding)
    weights = weight_memory(node, folding)
    streams = ("clk", "rst", "in_data", "in_valid", "in_ready")
    wires = ("has_room", "claim", "act", "weight", "en", "clr", "last")
    return instance(
        "bf_mvau_feed",
        "feed",
        {
            "FOLDS": folds,
            "ROUNDS": rounds,
            "REPEAT": int(is_repeated(node, folding)),
            "ACT_BITS": act_bits,
            "WEIGHT_BITS": weights.width,
            "WEIGHT_FILE": file,
            "WEIGHT_BLOCK": int(rom_is_block(weights.depth, weights.width, fabric)),
            **row_parameters(weights, fabric),
            "BUFFER_STYLE": ram_style(folds, act_bits, fabric),
        },
        {pin: pin for pin in (*streams, *wires)},
    )


def _products(node: Mvau, folding: Folding, dot: Dot, fabric: Fabric) -> list[str]:
    """Return the dot products: of each processing element ``pe``, or of those that share blocks."""
    act_bits, weight_bits = folding.simd * node.act.bits, folding.simd * node.weight.bits
    sum_bits = node.accumulator_bits
    way = unit_way(node, folding, fabric.target)
    if way is not None:
        return [
            line
            for first, count in groups(folding.pe, way)
            for line in instance(
                "bf_dot_dsp",
                f"dots_{first}",
                dot_dsp_parameters(dot, fabric.style, way.sized(count)),
                {
                    "clk": "clk",
                    "en": "en",
                    "clr": "clr",
                    "a": "act",
                    "w": f"weight[{first * weight_bits}+:{count * weight_bits}]",
                    "acc": f"sums[{first * sum_bits}+:{count * sum_bits}]",
                },
            )
        ]
    one = instance(
        "bf_dot",
        "dot",
        dot_parameters(dot, fabric.style),
        {
            "clk": "clk",
            "en": "en",
            "clr": "clr",
            "a": "act" if node.groups == 1 else f"act[pe*{act_bits}+:{act_bits}]",
            "w": f"weight[pe*{weight_bits}+:{weight_bits}]",
            "acc": f"sums[pe*{sum_bits}+:{sum_bits}]",
        },
    )
    return [
        f"  for (genvar pe = 0; pe < {folding.pe}; pe++) begin : gen_pe",
        *(f"  {line}" for line in one),
        "  end",
    ]


def _collect(node: Mvau, folding: Folding, dot: Dot, fabric: Fabric) -> list[str]:
    """Return the instance that keeps sums until they are taken."""
    places = result_places(node, folding, dot, fabric.target)
    bits = folding.pe * node.accumulator_bits
    wires = ("clk", "rst", "claim", "has_room", "sums", "last")
    return instance(
        "bf_mvau_collect",
        "collect",
        {
            "BITS": bits,
            "LATENCY": dot.latency_cycles,
            "PLACES": places,
            "STYLE": ram_style(places - 1, bits, fabric),
        },
        {pin: pin for pin in (*wires, "out_data", "out_valid", "out_ready")},
    )
