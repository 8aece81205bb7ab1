"""Pad: zeros around an image, which the next window adds itself."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hw_models.frontend.builder import Builder
from hw_models.frontend.layout import image_shape
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import Operands, constant_at, stream_at
from hw_models.frontend.rules.rule import Rule
from hw_models.frontend.values import Stream
from hw_models.frontend.windows import MAX_PADS


def _pad(node: OnnxNode, operands: Operands, build: Builder) -> Stream:
    stream = stream_at(node, operands, 0)
    image_shape(node, stream.order)
    axes = stream.order.ndim
    _require_zeros(node, operands)
    said = constant_at(node, operands, 1)
    pads = node.integers("pads") if said is None else tuple(int(size) for size in said.reshape(-1))
    if pads is None or len(pads) != 2 * axes:
        raise node.damaged(f"has pads {pads} for {axes} axes")
    begin, end = pads[:axes], pads[axes:]
    if any(begin[:2] + end[:2]) or min(pads) < 0 or max(pads) > MAX_PADS:
        raise node.unsupported(f"has pads {pads}; only rows and columns can be added")
    old_top, old_left, old_bottom, old_right = stream.border
    (top, left), (bottom, right) = ((0, *sizes[2:])[-2:] for sizes in (begin, end))
    border = (old_top + top, old_left + left, old_bottom + bottom, old_right + right)
    return replace(stream, border=border)


def _require_zeros(node: OnnxNode, operands: Operands) -> None:
    filling = constant_at(node, operands, 2)
    value = np.array(node.number("value", 0.0)) if filling is None else filling
    if node.text("mode", "constant") != "constant" or (value != 0).any() or len(operands) > 3:
        raise node.unsupported("only pads of zeros around an image have hardware")


RULES: Mapping[str, Rule] = {"Pad": _pad}
